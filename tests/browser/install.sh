#!/bin/sh
# What the browser lane needs beyond the virtual environment: the distribution's Chromium.
set -eu
if ! test -x /usr/bin/chromium; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null
fi

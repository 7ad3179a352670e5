#!/bin/sh
# What the reader lane needs beyond the virtual environment: pcscd, a virtual reader, and pyscard,
# which has no Linux wheel and is built here against the distribution's PC/SC headers.
set -eu
python=$1
if ! command -v pcscd >/dev/null || ! test -e /usr/lib/pcsc/drivers/serial/libifdvpcd.so; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq pcscd vsmartcard-vpcd libpcsclite-dev swig gcc >/dev/null
fi
if ! "$python" -c "import smartcard" 2>/dev/null; then
    command -v swig >/dev/null && test -e /usr/include/PCSC/winscard.h || {
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq libpcsclite-dev swig gcc >/dev/null
    }
    "$(dirname "$python")/uv" pip install --quiet --python "$python" --require-hashes -r requirements.kiosk.lock
fi

#!/bin/sh
# What the client lane needs beyond our own environment: the clients in environments of their own, node for one of them.
# usage: install.sh UV PYTHON
set -eu
uv=$(realpath "$1")
python=$(realpath -s "$2")
cd "$(dirname "$0")"
venv=../../.venv-clients

if ! cmp -s requirements.lock "$venv/installed.lock"; then
    "$uv" venv --quiet --clear --python "$python" "$venv"
    "$uv" pip install --quiet --python "$venv/bin/python" --compile-bytecode --require-hashes -r requirements.lock
    cp requirements.lock "$venv/installed.lock"
fi

if ! command -v npm >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq nodejs npm >/dev/null
fi
# The browser's way to connect needs a websocket built into node.
node --experimental-websocket -e 0 2>/dev/null || {
    echo "found node $(node --version), expected 20.10 or newer: the distribution's is too old for the browser client" >&2
    exit 1
}
if ! cmp -s package-lock.json node_modules/installed.lock; then
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
    cp package-lock.json node_modules/installed.lock
fi

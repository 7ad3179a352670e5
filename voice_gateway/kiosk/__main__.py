"""`python -m voice_gateway.kiosk`: the agent on a kiosk's machine, until it is told to stop."""

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
from pathlib import Path

from jarvis.logs import log_as_json_lines
from voice_gateway.kiosk.agent import Agent, provisioned
from voice_gateway.kiosk.errors import KioskError
from voice_gateway.kiosk.reader import ReaderUnavailable, read_badges
from voice_gateway.kiosk.spool import Spool
from voice_gateway.kiosk.token_file import TokenFile

DEFAULT_HOME = Path("~/.jarvis-kiosk")


def main() -> int:
    """Exit status 0 after an orderly stop, 1 when the agent could not begin or its reader cannot be used."""
    options = _parser().parse_args()
    log_as_json_lines()
    # A line a request would name the gateway every minute.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    home = options.home.expanduser()
    os.umask(0o077)
    try:
        token_file = TokenFile(home / "token.json")
        gateway_url = options.gateway.rstrip("/")
        if options.code:
            provisioned(gateway_url, code=options.code, device_id=options.device_id, token_file=token_file)
        agent_spool = Spool(home / "badges.ndjson")
        try:
            return asyncio.run(_run(gateway_url, agent_spool, token_file, has_reader=not options.no_reader))
        finally:
            agent_spool.close()
    except (KioskError, ReaderUnavailable) as error:
        print(f"kiosk agent: {error}", file=sys.stderr)
        return 1


async def _run(gateway_url: str, spool: Spool, token_file: TokenFile, *, has_reader: bool) -> int:
    agent = Agent(gateway_url, spool=spool, token_file=token_file, read_badges=read_badges if has_reader else None)
    running = asyncio.create_task(agent.run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        return 0
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m voice_gateway.kiosk", description=__doc__)
    parser.add_argument("--gateway", default="http://127.0.0.1:8080", metavar="URL", help="the gateway's address")
    parser.add_argument("--home", type=Path, default=DEFAULT_HOME, help=f"token and waiting badges ({DEFAULT_HOME})")
    parser.add_argument("--code", help="provision first, with a code of `jarvis kiosk code … --agent`")
    parser.add_argument("--device-id", default=socket.gethostname(), help="this machine's name (its host name)")
    parser.add_argument("--no-reader", action="store_true", help="heartbeats and token only")
    return parser


if __name__ == "__main__":
    sys.exit(main())

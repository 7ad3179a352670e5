"""`python -m voice_gateway.standin --port 8090`: the stand-in serves until it is told to stop."""

import argparse
import asyncio
import logging
import signal
import sys

from voice_gateway.standin.server import REALTIME_PATH, running


async def _serve_until_stopped(host: str, port: int) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with running(host=host, port=port) as chosen:
        print(f"stand-in listening on ws://{host}:{chosen}{REALTIME_PATH}", flush=True)
        await stopped.wait()


def main() -> int:
    """The process's exit status: 0 after a stop that was asked for, 1 when the port is not to be had."""
    parser = argparse.ArgumentParser(
        prog="python -m voice_gateway.standin", description="A stand-in for the OpenAI Realtime API"
    )
    parser.add_argument("--port", type=int, default=8090, help="0 lets the system choose")
    parser.add_argument("--host", default="127.0.0.1")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # One line a connection at INFO is the library's, and says less than ours.
    logging.getLogger("websockets").setLevel(logging.WARNING)
    try:
        asyncio.run(_serve_until_stopped(chosen.host, chosen.port))
    except OSError as error:
        print(
            f"cannot listen on {chosen.host}:{chosen.port} ({error.strerror}): "
            "choose a free port with --port or JARVIS_STANDIN_PORT",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

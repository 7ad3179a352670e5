"""`python -m dashboards`: serves the managers' door on the loopback address until it is stopped."""

import logging
import socket
import sys

from jarvis.logs import log_as_json_lines
from jarvis.settings import SettingsError, load_settings


def main() -> int:
    """The exit code: 0 after a clean stop, 1 where it could not start (one line says why)."""
    log_as_json_lines(logging.WARNING)
    try:
        settings = load_settings()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", settings.dashboards_port))
        except OSError:
            print(
                f"port {settings.dashboards_port} is taken by another program: "
                "set JARVIS_DASHBOARDS_PORT to a free one",
                file=sys.stderr,
            )
            return 1
        # Streamlit takes a second to import: a busy port is told before that.
        import uvicorn

        from dashboards.app import create_app

        server = uvicorn.Server(
            uvicorn.Config(
                create_app(settings),
                # The sans-io implementation keeps its pings while a script runs.
                ws="websockets-sansio",
                ws_max_size=20 * 1024 * 1024,
                access_log=False,
                # Its loggers hand on to ours.
                log_config=None,
                log_level="warning",
                server_header=False,
                # An open page never ends by itself.
                timeout_graceful_shutdown=2,
            )
        )
        server.run(sockets=[listener])
        return 0 if server.started else 1


if __name__ == "__main__":
    sys.exit(main())

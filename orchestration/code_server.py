"""`python -m orchestration.code_server …`: `dagster api grpc` that stops when it is told to."""

import sys

from orchestration.stopping import exit_within

# A stopping server answers what it is asked for so long.
STOP_SECONDS = 2.0


def main(arguments: list[str]) -> int:
    """The code location has been served until the process was told to stop."""
    from dagster._cli.api import grpc_command

    exit_within(STOP_SECONDS)
    grpc_command.main(arguments, prog_name="orchestration.code_server", standalone_mode=False)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`jarvis password`: what the operator of an installation sets for a person who signs in."""

import argparse
import getpass
import sys

from jarvis.cli.arguments import Commands, add_command
from jarvis.settings import Settings


def add(commands: Commands) -> None:
    """`password` stands beside the other commands."""
    password = add_command(
        commands, "password", _password, text="set a person's password (asked for, or one line on stdin)"
    )
    password.add_argument("email", metavar="EMAIL")


def _password(settings: Settings, options: argparse.Namespace) -> int:
    from dashboards.accounts import set_password
    from jarvis.up import database_server
    from warehouse.connection import connect

    # Never an argument: the shell's history and the process list would keep it.
    password = getpass.getpass("New password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    with database_server(settings), connect(settings.administration_url) as connection:
        set_password(connection, options.email, password)
    print(f"password of {options.email} set; their open sessions are over")
    return 0

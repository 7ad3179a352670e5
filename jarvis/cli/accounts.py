"""`jarvis password` and `jarvis user`: what the operator of an installation does for people who sign in."""

import argparse
import getpass
import sys
import time

from jarvis.cli.arguments import Commands, add_command, add_noun
from jarvis.cli.connection import pipeline_connection
from jarvis.settings import Settings


def add(commands: Commands) -> None:
    """`password` stands beside the other commands."""
    password = add_command(
        commands, "password", _password, text="set a person's password (asked for, or one line on stdin)"
    )
    password.add_argument("email", metavar="EMAIL")
    actions = add_noun(commands, "user", text="people who sign in")
    add_command(actions, "code", _code, text="the six digits the demo's administration signs in with now")


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


def _code(settings: Settings, options: argparse.Namespace) -> int:
    from jarvis.second_factor import code_at
    from warehouse.demo.second_factor import shown_secret

    with pipeline_connection(settings) as connection:
        secret = shown_secret(connection, settings)
    if secret is None:
        print("jarvis: found no second factor of the demo, expected the one jarvis up gives its administration: "
              "whoever has set up their own asks their own application", file=sys.stderr)  # fmt: skip
        return 1
    print(code_at(secret, moment=time.time()))
    return 0

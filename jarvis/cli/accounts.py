"""`jarvis password` and `jarvis user`: what the operator of an installation does for people who sign in."""

import argparse
import getpass
import hashlib
import json
import sys
import time
from datetime import UTC, datetime

from jarvis.cli.arguments import Commands, add_command, add_noun, word_of
from jarvis.cli.connection import pipeline_connection
from jarvis.settings import Settings
from jarvis.tenancy import UserRole


def add(commands: Commands) -> None:
    """`password` stands beside the other commands."""
    password = add_command(
        commands, "password", _password, text="set a person's password (asked for, or one line on stdin)"
    )
    password.add_argument("email", metavar="EMAIL")
    actions = add_noun(commands, "user", text="people who sign in")
    invite = add_command(actions, "invite", _invite, text="let somebody in: they choose a password by a link")
    invite.add_argument("email", metavar="EMAIL")
    invite.add_argument("--role", required=True, type=word_of(UserRole), choices=list(UserRole))
    invite.add_argument("--name", help="as the pages show it")
    place = invite.add_mutually_exclusive_group()
    place.add_argument("--gym", metavar="SLUG")
    place.add_argument("--franchise", metavar="NAME")
    reset = add_command(
        actions, "reset-second-factor", _reset_second_factor, text="for who lost the telephone and the recovery codes"
    )
    reset.add_argument("email", metavar="EMAIL")
    add_command(actions, "code", _code, text="the six digits the demo's administration signs in with now")


def _password(settings: Settings, options: argparse.Namespace) -> int:
    from jarvis.up import database_server
    from warehouse.connection import connect
    from warehouse.stores.operator_accounts import set_password

    # Never an argument: the shell's history and the process list would keep it.
    password = getpass.getpass("New password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    with database_server(settings), connect(settings.administration_url) as connection:
        set_password(connection, options.email, password)
    print(f"password of {options.email} set; their open sessions are over")
    return 0


def _invite(settings: Settings, options: argparse.Namespace) -> int:
    from jarvis.account_letters import invitation
    from jarvis.mail import message
    from warehouse.mailer import MailError, mailer_for
    from warehouse.stores.account_links import INVITATION_LASTS, link_url
    from warehouse.stores.operator_accounts import invite

    with pipeline_connection(settings) as connection:
        link = invite(
            connection, email=options.email, role=options.role, full_name=options.name, franchise=options.franchise,
            gym=options.gym,
        )  # fmt: skip
    url = link_url(settings.dashboards_address, link.token)
    letter = invitation(full_name=link.full_name, url=url, days=INVITATION_LASTS.days)
    is_sent = False
    try:
        made = message(
            letter, sender=settings.mail_from, recipients=[link.email], sent_at=datetime.now(UTC),
            key=hashlib.sha256(link.token.encode()).hexdigest(),
        )  # fmt: skip
        is_sent = mailer_for(settings).send(made)
    except MailError as error:
        print(f"jarvis: {error}", file=sys.stderr)
    # Whoever holds the link sets the password: it is shown only where it could not be sent.
    told = {"email": link.email, "is_sent": is_sent, "valid_days": INVITATION_LASTS.days}
    print(json.dumps(told if is_sent else {**told, "link": url}))
    return 0


def _reset_second_factor(settings: Settings, options: argparse.Namespace) -> int:
    from warehouse.stores.operator_accounts import forget_second_factor

    with pipeline_connection(settings) as connection:
        had_one = forget_second_factor(connection, options.email)
    print(json.dumps({"email": options.email, "had_second_factor": had_one}))
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

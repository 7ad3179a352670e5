"""`jarvis member`: what is kept of a member, shown or erased; absences are `desk.py`'s."""

import argparse
import json
from dataclasses import asdict

from jarvis.cli.arguments import Commands, add_command, add_noun, identifier
from jarvis.cli.connection import pipeline_connection
from jarvis.cli.desk import add_absence_commands
from jarvis.consents import NOTICE_VERSION, PURPOSES
from jarvis.settings import Settings


def add(commands: Commands) -> None:
    """`member` stands beside the other commands."""
    member = add_noun(commands, "member", text="what is kept of a member: show it, add to it, or erase it")
    for action, run, text in (
        ("export", _export, "print all that is kept of a member, as one JSON object"),
        ("erase", _erase, "erase a member with every word of theirs; print the certificate"),
    ):
        about = add_command(member, action, run, text=text)
        about.add_argument("member", type=identifier, metavar="ID", help="the member's id")
    add_absence_commands(member)
    consent = member.add_parser("consent", help="put on record what a member says at the desk about one purpose")
    consent.add_argument("member", type=identifier, metavar="ID", help="the member's id")
    consent.add_argument("--purpose", required=True, choices=PURPOSES)
    said = consent.add_mutually_exclusive_group(required=True)
    said.add_argument("--yes", dest="is_granted", action="store_true", help="the member agrees")
    said.add_argument("--no", dest="is_granted", action="store_false", help="the member does not, or no longer")
    consent.set_defaults(handler=_consent)


def _export(settings: Settings, options: argparse.Namespace) -> int:
    from warehouse.stores.privacy import export_member

    with pipeline_connection(settings) as connection:
        print(json.dumps(export_member(connection, options.member), ensure_ascii=False))
    return 0


def _erase(settings: Settings, options: argparse.Namespace) -> int:
    from warehouse.stores.privacy import erase_member

    with pipeline_connection(settings) as connection:
        certificate = erase_member(connection, options.member)
    print(json.dumps(asdict(certificate), default=str))
    return 0


def _consent(settings: Settings, options: argparse.Namespace) -> int:
    from warehouse.stores.privacy import record_consent

    with pipeline_connection(settings) as connection:
        record_consent(
            connection,
            options.member,
            purpose=options.purpose,
            is_granted=options.is_granted,
            notice_version=NOTICE_VERSION,
        )
    told = {"member": str(options.member), "purpose": options.purpose, "is_granted": options.is_granted}
    print(json.dumps(told))
    return 0

"""`jarvis mail`: what e-mails a person takes, and when nobody writes to them."""

import argparse
import json
from datetime import time
from typing import TYPE_CHECKING
from uuid import UUID

from jarvis.cli.arguments import Commands, add_command, add_noun, word_of
from jarvis.cli.connection import pipeline_connection
from jarvis.mail_kinds import MailKind
from jarvis.settings import Settings

if TYPE_CHECKING:
    from psycopg import Connection


def add(commands: Commands) -> None:
    """`mail` stands beside the other commands."""
    mail = add_noun(commands, "mail", text="what e-mails a person takes, and when nobody writes to them")
    for action, run, text in (
        ("show", _show, "print what a person takes, and their quiet hours"),
        ("stop", _stop, "stop one kind of e-mail for a person, or all that can be stopped"),
        ("resume", _resume, "send it again"),
        ("quiet", _quiet, "set a person's quiet hours, on their gym's own clock"),
    ):
        about = add_command(mail, action, run, text=text)
        about.add_argument("email", metavar="EMAIL")
        if action in ("stop", "resume"):
            about.add_argument("--kind", type=word_of(MailKind), choices=list(MailKind), help="every kind without it")
        if action == "quiet":
            about.add_argument("--from", dest="quiet_from", type=_clock, required=True, metavar="20:00")
            about.add_argument("--until", dest="quiet_until", type=_clock, required=True, metavar="07:00")


def _clock(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"found {text}, expected a time such as 20:00") from None


def _show(settings: Settings, options: argparse.Namespace) -> int:
    with pipeline_connection(settings) as connection:
        _print(connection, _user(connection, options.email))
    return 0


def _stop(settings: Settings, options: argparse.Namespace) -> int:
    return _change(settings, options, is_wanted=False)


def _resume(settings: Settings, options: argparse.Namespace) -> int:
    return _change(settings, options, is_wanted=True)


def _change(settings: Settings, options: argparse.Namespace, *, is_wanted: bool) -> int:
    from warehouse.stores.mail_preferences import change_kinds

    with pipeline_connection(settings) as connection:
        user_id = _user(connection, options.email)
        change_kinds(connection, user_id, [options.kind] if options.kind else list(MailKind), is_wanted=is_wanted)
        _print(connection, user_id)
    return 0


def _quiet(settings: Settings, options: argparse.Namespace) -> int:
    from warehouse.stores.mail_preferences import set_quiet_hours

    with pipeline_connection(settings) as connection:
        user_id = _user(connection, options.email)
        set_quiet_hours(connection, user_id, quiet_from=options.quiet_from, quiet_until=options.quiet_until)
        _print(connection, user_id)
    return 0


def _user(connection: "Connection", email: str) -> UUID:
    from warehouse.stores.mail_preferences import user_of

    return user_of(connection, email)


def _print(connection: "Connection", user_id: UUID) -> None:
    from warehouse.stores.mail_preferences import of_person

    kept = of_person(connection, user_id)
    told = {
        "user": str(user_id),
        "takes": [kind for kind in MailKind if kind not in kept.unsubscribed_kinds],
        "stopped": sorted(kept.unsubscribed_kinds),
        "quiet_from": f"{kept.quiet_from:%H:%M}",
        "quiet_until": f"{kept.quiet_until:%H:%M}",
    }
    print(json.dumps(told))

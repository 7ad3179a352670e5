"""`jarvis member absence` and `jarvis gym closure`: what the desk writes down, so that nobody is missed in vain."""

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from jarvis.absences import AbsenceReason
from jarvis.cli.arguments import Commands, add_command, add_noun, day, identifier, sentence, word_of
from jarvis.cli.connection import pipeline_connection
from jarvis.settings import Settings

_APPLICATION = "jarvis-desk"


def add_absence_commands(member: Commands) -> None:
    """`absence` stands beside the other actions of `jarvis member`."""
    absence = add_noun(member, "absence", text="when a member is away: add, list or end it")
    added = add_command(absence, "add", _add_absence, text="write down that a member is away; print the absence")
    added.add_argument("member", type=identifier, metavar="ID", help="the member's id")
    added.add_argument("--from", dest="starts_on", type=day, required=True, metavar="DAY", help="the first day away")
    added.add_argument("--until", dest="ends_on", type=day, metavar="DAY", help="the last; open without it")
    added.add_argument(
        "--reason", type=word_of(AbsenceReason), choices=list(AbsenceReason), default=AbsenceReason.OTHER
    )
    listed = add_command(absence, "list", _list_absences, text="print a member's absences, a line each")
    listed.add_argument("member", type=identifier, metavar="ID", help="the member's id")
    ended = add_command(absence, "end", _end_absence, text="write down that a member is back")
    ended.add_argument("absence", type=identifier, metavar="ID", help="the absence's id")
    ended.add_argument("--back-on", type=day, metavar="DAY", help="the first day they come again; today without it")


def add_closure_commands(gym: Commands) -> None:
    """`closure` stands beside the other actions of `jarvis gym`."""
    closure = add_noun(gym, "closure", text="when a gym is closed: add, list or remove it")
    added = add_command(closure, "add", _add_closure, text="write down that a gym is closed; print the closure")
    added.add_argument("--gym", required=True, metavar="SLUG")
    added.add_argument("--from", dest="starts_on", type=day, required=True, metavar="DAY", help="the first day closed")
    added.add_argument("--until", dest="ends_on", type=day, metavar="DAY", help="the last; one day without it")
    added.add_argument("--reason", type=sentence, required=True, help="what the team reads, for example Travaux")
    listed = add_command(closure, "list", _list_closures, text="print a gym's closures, a line each")
    listed.add_argument("--gym", required=True, metavar="SLUG")
    removed = add_command(closure, "remove", _remove_closure, text="the gym is open after all")
    removed.add_argument("closure", type=identifier, metavar="ID", help="the closure's id")


def _add_absence(settings: Settings, options: argparse.Namespace) -> int:
    from warehouse.stores import desk

    if not _are_in_order(starts_on=options.starts_on, ends_on=options.ends_on):
        return 2
    with pipeline_connection(settings, application_name=_APPLICATION) as connection:
        made = desk.change_as_operator(
            connection,
            "add_absence",
            member_id=options.member,
            starts_on=options.starts_on,
            ends_on=options.ends_on,
            reason=options.reason,
        )
    _print([{"absence": made, "starts_on": options.starts_on, "ends_on": options.ends_on}])
    return 0


def _are_in_order(*, starts_on: date, ends_on: date | None) -> bool:
    """True where the last day is not before the first; otherwise it has been said."""
    if ends_on is None or starts_on <= ends_on:
        return True
    print("jarvis: found --until before --from, expected the later day there", file=sys.stderr)
    return False


def _list_absences(settings: Settings, options: argparse.Namespace) -> int:
    from warehouse.stores import desk

    with pipeline_connection(settings, application_name=_APPLICATION) as connection:
        _print(desk.listed_for_operator(connection, "absences_of_member", member_id=options.member))
    return 0


def _end_absence(settings: Settings, options: argparse.Namespace) -> int:
    from warehouse.stores import desk

    with pipeline_connection(settings, application_name=_APPLICATION) as connection:
        desk.change_as_operator(connection, "end_absence", id=options.absence, back_on=options.back_on)
    _print([{"absence": options.absence, "is_ended": True}])
    return 0


def _add_closure(settings: Settings, options: argparse.Namespace) -> int:
    from warehouse.stores import desk
    from warehouse.stores.gyms import gym_id_of

    days = {"starts_on": options.starts_on, "ends_on": options.ends_on or options.starts_on}
    if not _are_in_order(**days):
        return 2
    with pipeline_connection(settings, application_name=_APPLICATION) as connection:
        gym_id = gym_id_of(connection, options.gym)
        made = desk.change_as_operator(connection, "add_closure", gym_id=gym_id, reason=options.reason, **days)
    _print([{"closure": made, **days}])
    return 0


def _list_closures(settings: Settings, options: argparse.Namespace) -> int:
    from warehouse.stores import desk
    from warehouse.stores.gyms import gym_id_of

    with pipeline_connection(settings, application_name=_APPLICATION) as connection:
        gym_id = gym_id_of(connection, options.gym)
        _print(desk.listed_for_operator(connection, "closures_of_gym", gym_id=gym_id))
    return 0


def _remove_closure(settings: Settings, options: argparse.Namespace) -> int:
    from warehouse.stores import desk

    with pipeline_connection(settings, application_name=_APPLICATION) as connection:
        desk.change_as_operator(connection, "remove_closure", id=options.closure)
    _print([{"closure": options.closure, "is_removed": True}])
    return 0


def _print(rows: Iterable[Mapping[str, Any]]) -> None:
    for row in rows:
        print(json.dumps(row, default=str, ensure_ascii=False))

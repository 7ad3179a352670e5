"""`jarvis retention`: how long everything is kept, and the proof that it was seen to."""

import argparse
import json
from dataclasses import asdict
from datetime import UTC, datetime

from jarvis.cli.arguments import Commands, add_command
from jarvis.cli.connection import pipeline_connection
from jarvis.settings import Settings


def add(commands: Commands) -> None:
    """`retention` stands beside the other commands."""
    retention = add_command(
        commands, "retention", _retention, text="how long everything is kept, and when that was last seen to"
    )
    doing = retention.add_mutually_exclusive_group()
    doing.add_argument("--run", action="store_true", help="archive, aggregate and delete now what is past its term")
    doing.add_argument("--dry-run", action="store_true", help="count what would go")
    doing.add_argument("--set", nargs=2, metavar=("RULE", "DAYS"), help="keep so many days from the next run on")
    retention.add_argument(
        "--gym",
        metavar="SLUG",
        help="what holds for one gym; with --dry-run what would go of it, with --set its own shorter term or 'network'",
    )


def _retention(settings: Settings, options: argparse.Namespace) -> int:
    from warehouse.stores import retention

    if options.gym and options.run:
        raise retention.UnknownRule("found --run with --gym, expected one: a run keeps every gym's terms")
    now = datetime.now(UTC)
    with pipeline_connection(settings) as connection:
        if options.run or options.dry_run:
            proofs = (
                retention.count_of_gym(connection, options.gym, home=settings.home, now=now)
                if options.gym
                else retention.keep_house(connection, home=settings.home, now=now, is_dry=options.dry_run)
            )
            for proof in proofs:
                print(json.dumps(asdict(proof), default=str))
            return 0 if all(proof.is_kept for proof in proofs) else 1
        if options.set and options.gym:
            name, days = options.set
            own = None if days == "network" else _keep_days(days)
            retention.set_gym_keep_days(connection, name, slug=options.gym, keep_days=own)
        elif options.set:
            retention.set_keep_days(connection, options.set[0], keep_days=_keep_days(options.set[1]))
        connection.commit()
        last = {(one.rule_name, one.gym_id): one for one in retention.last_proofs(connection)}
        for rule in retention.rules_of_gym(connection, options.gym) if options.gym else retention.rules(connection):
            # Where the gym has no term of its own, the network's proof is the gym's.
            kept = last.get((rule.name, rule.gym_id)) or last[rule.name, None]
            print(json.dumps(asdict(rule) | {"last_run_at": kept.ran_at, "remaining": kept.remaining}, default=str))
        if not options.gym:
            for reason in retention.reasons(connection):
                print(json.dumps(asdict(reason), ensure_ascii=False))
    return 0


def _keep_days(text: str) -> int:
    from warehouse.stores.retention import UnknownRule

    if not text.isdecimal() or not 1 <= int(text) <= 3650:
        raise UnknownRule(f"found {text}, expected whole days from 1 to 3650")
    return int(text)

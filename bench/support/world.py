"""A gym with one kiosk and one member, and the sessions they hold: for benchmarks and for tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from psycopg import Connection

COMPLAINT = ("Le tapis 4 est encore cassé, c'est inadmissible !", "Je suis vraiment déçu.")
THANKS = ("Merci, le cours de yoga était super.",)


@dataclass(frozen=True)
class Gym:
    """A gym with one kiosk and one member."""

    gym_id: UUID
    kiosk_id: UUID
    member_id: UUID


def make_gym(connection: Connection, slug: str = "pau") -> Gym:
    """A gym is in the database."""
    gym_id, kiosk_id, member_id = uuid4(), uuid4(), uuid4()
    connection.execute("insert into gyms (id, slug, name) values (%s, %s, %s)", [gym_id, slug, slug.title()])
    connection.execute(
        "insert into kiosks (id, gym_id, slug, name) values (%s, %s, 'accueil', 'Accueil')", [kiosk_id, gym_id]
    )
    connection.execute(
        "insert into gym_members_v2 (id, gym_id, badge_id, first_name, last_name, member_since) "
        "values (%s, %s, '0001', 'Ada', 'Lovelace', current_date - 365)",
        [member_id, gym_id],
    )
    return Gym(gym_id, kiosk_id, member_id)


def open_session(
    connection: Connection, gym: Gym, said: Sequence[str] = COMPLAINT, *, is_member_known: bool = True
) -> UUID:
    """A session in which the member has said these sentences and that is still open."""
    session_id = uuid4()
    started = datetime.now(UTC) - timedelta(minutes=2)
    connection.execute(
        "insert into openai_realtime_sessions (id, gym_id, kiosk_id, member_id, badge_outcome, started_at) "
        "values (%s, %s, %s, %s, %s, %s)",
        [
            session_id, gym.gym_id, gym.kiosk_id, gym.member_id if is_member_known else None,
            "known" if is_member_known else "unknown", started,
        ],
    )  # fmt: skip
    turns = [turn for text in said for turn in (("member", text), ("assistant", "Je comprends."))]
    for position, (role, text) in enumerate(turns):
        connection.execute(
            "insert into session_turns (session_id, gym_id, item_id, position, role, text, started_at) "
            "values (%s, %s, %s, %s, %s, %s, %s)",
            [session_id, gym.gym_id, f"item_{position}", position, role, text, started + timedelta(seconds=position)],
        )
    return session_id


def close_session(connection: Connection, session_id: UUID) -> None:
    """The member has hung up."""
    connection.execute(
        "update openai_realtime_sessions set state = 'closed', close_reason = 'member_goodbye', ended_at = now() "
        "where id = %s",
        [session_id],
    )


def closed_session(
    connection: Connection, gym: Gym, said: Sequence[str] = COMPLAINT, *, is_member_known: bool = True
) -> UUID:
    """A closed session in which the member has said these sentences."""
    session_id = open_session(connection, gym, said, is_member_known=is_member_known)
    close_session(connection, session_id)
    return session_id

"""A gym small enough for a test: closed sessions to analyse, and an engine that reads cue words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from psycopg import Connection

from jarvis.conversations import (
    ActionItem,
    Analysis,
    AnalysisFailure,
    Conversation,
    Emotion,
    Intent,
    Issue,
    Outcome,
    Topic,
    TurnAnalysis,
    sentiment_label,
)

COMPLAINT = ("Le tapis 4 est encore cassé, c'est inadmissible !", "Je suis vraiment déçu.")
THANKS = ("Merci, le cours de yoga était super.",)


@dataclass(frozen=True)
class Gym:
    """A gym with one kiosk and one member."""

    gym_id: UUID
    kiosk_id: UUID
    member_id: UUID


class CueWordEngine:
    """Reads a complaint, thanks, or nothing; `poisoned` breaks it, `refused` is a failure it reports."""

    name = "local"
    version = "cue-words-1"

    def __init__(self) -> None:
        self.seen: list[str] = []

    def analyse(self, conversations: Sequence[Conversation]) -> list[Analysis | AnalysisFailure]:
        self.seen += [one.session_id for one in conversations]
        return [self._one(one) for one in conversations]

    def _one(self, conversation: Conversation) -> Analysis | AnalysisFailure:
        said = " ".join(turn.text for turn in conversation.member_turns)
        if "poisoned" in said:
            raise RuntimeError(said)
        if "refused" in said:
            return AnalysisFailure(conversation.session_id, "found a refusal, expected an analysis")
        is_complaint, is_thanks = "cassé" in said, "Merci" in said
        score = -0.8 if is_complaint else 0.7 if is_thanks else 0.0
        ids = tuple(turn.turn_id for turn in conversation.member_turns)
        intents = (Intent.REPORT_ISSUE, Intent.COMPLAIN) if is_complaint else (Intent.PRAISE,)
        emotion = Emotion.ANGER if is_complaint else Emotion.JOY
        return Analysis(
            session_id=conversation.session_id,
            summary="Le tapis 4 est cassé." if is_complaint else "Le membre remercie l'équipe.",
            key_topics=(Topic.EQUIPMENT,),
            sentiment_score=score,
            sentiment_label=sentiment_label(score),
            emotion=emotion,
            intents=intents,
            outcome=Outcome.UNSOLVED if is_complaint else Outcome.SOLVED,
            action_items=(ActionItem("Réparer le tapis 4.", "staff", ids[:1]),) if is_complaint else (),
            evidence={"sentiment_label": ids},
            turns=tuple(TurnAnalysis(turn_id, score, sentiment_label(score), emotion, intents) for turn_id in ids),
            embedding=[0.6, 0.8],
            embedding_model="cue-words",
            engine=self.name,
            engine_version=self.version,
            issues=(Issue(Topic.EQUIPMENT, "Tapis 4", None, ids[:1]),) if is_complaint else (),
        )


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

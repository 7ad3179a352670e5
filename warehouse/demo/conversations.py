"""What members say at the kiosks: closed sessions with their turns and what they cost.

Pure. Who talks, and about what, follows the member's trajectory and the gym's weak spots; the words
come from `dialogues.py`. A kiosk holds one session at a time.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from jarvis.consents import NOTICE_VERSION
from jarvis.conversations import Role, Sentiment
from jarvis.prices import PRICE_VERSION, Usage, cost_of
from jarvis.sessions import CloseReason, SessionState
from warehouse.demo.chance import happens, new_id, one_of, token, weighted
from warehouse.demo.dialogues import Dialogue, library
from warehouse.demo.members import MemberStory, Trajectory
from warehouse.demo.network import PARIS, GymStory
from warehouse.demo.records import Session, SessionTurn, UsageLine, Visit

REALTIME_MODEL = "gpt-realtime-2.1-mini"
TRANSCRIPTION_MODEL = "gpt-realtime-whisper"

# OpenAI's rule of thumb: a minute of the member is 600 tokens, a minute of the answer 1,200.
MEMBER_TOKENS_PER_SECOND = 10
ANSWER_TOKENS_PER_SECOND = 20
INSTRUCTION_TOKENS = 850
WORDS_PER_SECOND = 2.5

_COURSES = ("yoga", "pilates", "body pump", "RPM", "stretching", "step", "cross training", "TRX")
_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi")
_MONTHS = ("janvier", "février", "mars", "juin", "septembre", "novembre")
_MUSCLES = ("le dos", "les épaules", "les fessiers", "les abdos", "les cuisses")

_USUAL_MOODS = {Sentiment.NEGATIVE: 0.24, Sentiment.NEUTRAL: 0.5, Sentiment.POSITIVE: 0.26}
_MOODS = {
    Trajectory.GROWING: {Sentiment.NEGATIVE: 0.1, Sentiment.NEUTRAL: 0.45, Sentiment.POSITIVE: 0.45},
    Trajectory.NEWCOMER: {Sentiment.NEGATIVE: 0.12, Sentiment.NEUTRAL: 0.6, Sentiment.POSITIVE: 0.28},
}
_DRIFTED_MOODS = {Sentiment.NEGATIVE: 0.62, Sentiment.NEUTRAL: 0.32, Sentiment.POSITIVE: 0.06}
# Members begin to complain some days before they begin to come less.
_COMPLAINS_BEFORE = timedelta(days=10)

_REASONS = {
    CloseReason.MEMBER_LEFT: 0.43, CloseReason.MEMBER_GOODBYE: 0.42, CloseReason.IDLE: 0.08,
    CloseReason.SECOND_BADGE: 0.03, CloseReason.KIOSK_LOST: 0.02, CloseReason.PROVIDER_LOST: 0.015,
    CloseReason.GATEWAY_LOST: 0.005,
}  # fmt: skip
_LEFT_REASONS = {CloseReason.MEMBER_LEFT: 0.6, CloseReason.IDLE: 0.4}
_UNKNOWN_BADGE_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Spoken:
    """One session with all its rows, and the dialogue it follows."""

    session: Session
    turns: tuple[SessionTurn, ...]
    usage: tuple[UsageLine, ...]
    dialogue: Dialogue


@dataclass(frozen=True, slots=True)
class Arrival:
    """One visit of one member, before anybody knows whether they will talk."""

    story: MemberStory
    visit: Visit


def hold_conversations(
    chance: Random, gym: GymStory, arrivals: Iterable[Arrival], *, now: datetime
) -> Iterator[tuple[Visit, Spoken | None]]:
    """Every visit of one gym in time order, with the conversation held on it, if any.

    A visit whose conversation starts on arrival has its badge read by that kiosk.
    """
    free_from: dict[UUID, datetime] = {}
    for arrival in sorted(arrivals, key=lambda one: (one.visit.visited_at, one.visit.id)):
        story, visit = arrival.story, arrival.visit
        if not happens(chance, story.talkativeness):
            yield _greeted(chance, gym, visit), None
            continue
        is_on_arrival = happens(chance, 0.55)
        wait = timedelta(seconds=chance.randint(4, 15)) if is_on_arrival else timedelta(minutes=chance.randint(35, 85))
        started_at = visit.visited_at + wait
        kiosk_id = _free_kiosk(chance, gym, free_from, started_at)
        _, closes_at = gym.open_on(started_at.astimezone(PARIS).date())
        if kiosk_id is None or started_at + timedelta(minutes=4) > min(now, closes_at):
            yield visit, None
            continue
        is_known = not happens(chance, _UNKNOWN_BADGE_SHARE)
        spoken = _converse(chance, story, kiosk_id, started_at, is_known=is_known)
        free_from[kiosk_id] = spoken.session.ended_at
        if is_on_arrival and is_known:
            visit = replace(visit, kiosk_id=kiosk_id, source="badge")
        yield visit, spoken


def _greeted(chance: Random, gym: GymStory, visit: Visit) -> Visit:
    """A silent visit: one in four badges at a kiosk all the same, to check in."""
    if not happens(chance, 0.25):
        return visit
    kiosk_id = _free_kiosk(chance, gym, {}, visit.visited_at)
    return replace(visit, kiosk_id=kiosk_id, source="badge") if kiosk_id else visit


def _free_kiosk(chance: Random, gym: GymStory, free_from: Mapping[UUID, datetime], started_at: datetime) -> UUID | None:
    """A kiosk that works and holds no conversation at that time."""
    free = [
        kiosk.id
        for kiosk in gym.kiosks
        if free_from.get(kiosk.id, kiosk.created_at) < started_at
        and (kiosk.id not in gym.offline_since or started_at < gym.offline_since[kiosk.id] - timedelta(minutes=10))
    ]
    return one_of(chance, free) if free else None


def _converse(chance: Random, story: MemberStory, kiosk_id: UUID, started_at: datetime, *, is_known: bool) -> Spoken:
    dialogue = _choose(chance, story, started_at, is_known=is_known)
    lines = dialogue.spoken(chance, _words(chance, story, started_at))
    reason = weighted(chance, _LEFT_REASONS if dialogue.is_left else _REASONS)
    session_id = new_id(chance)
    turns = list(_turns(chance, story.gym.gym.id, session_id, lines, started_at))
    if reason in (CloseReason.MEMBER_LEFT, CloseReason.SECOND_BADGE) and happens(chance, 0.4):
        turns[-1] = _interrupted(chance, turns[-1])
    usage = tuple(_usage(chance, turns))
    silence = timedelta(seconds=25 if reason is CloseReason.IDLE else chance.randint(1, 4))
    session = Session(
        id=session_id,
        gym_id=story.gym.gym.id,
        kiosk_id=kiosk_id,
        member_id=story.member.id if is_known else None,
        badge_outcome="known" if is_known else "unknown",
        state=SessionState.CLOSED,
        started_at=started_at,
        ended_at=turns[-1].ended_at + silence,
        close_reason=reason,
        gateway_instance="demo",
        upstream_session_id=token(chance, "sess"),
        model=REALTIME_MODEL,
        voice="marin",
        language=dialogue.language,
        # Who is not known cannot have agreed.
        has_analysis_consent=is_known and story.agrees_to_analysis,
        notice_version=NOTICE_VERSION if is_known else None,
        price_version=PRICE_VERSION,
        cost_usd=sum((line.cost_usd for line in usage), Decimal(0)),
    )
    return Spoken(session, tuple(turns), usage, dialogue)


def _choose(chance: Random, story: MemberStory, started_at: datetime, *, is_known: bool) -> Dialogue:
    """A dialogue in the member's language that fits their mood and their gym."""
    day = started_at.date()
    is_leaving = story.drift_on is not None and day >= story.drift_on
    is_unhappy = story.drift_on is not None and day >= story.drift_on - _COMPLAINS_BEFORE
    mood = weighted(chance, _DRIFTED_MOODS if is_unhappy else _MOODS.get(story.trajectory, _USUAL_MOODS))
    candidates, weights = [], []
    for one in library():
        if one.language != story.language or one.mood is not mood or (one.names_the_member and not is_known):
            continue
        weight = 5.0 if mood is Sentiment.NEGATIVE and one.topic in story.gym.weak_spots else 1.0
        if one.name.startswith("resiliation"):
            weight = 6.0 if is_leaving else 0.1
        candidates.append(one)
        weights.append(weight)
    return chance.choices(candidates, weights)[0]


def _words(chance: Random, story: MemberStory, started_at: datetime) -> dict[str, str]:
    """What the slots say in this conversation."""
    opens_at, closes_at = story.gym.open_on(started_at.astimezone(PARIS).date())
    treadmill = story.gym.broken_treadmill if happens(chance, 0.6) else chance.randint(1, 12)
    return {
        "tapis": str(treadmill),
        "velo": str(chance.randint(1, 14)),
        "rameur": str(chance.randint(1, 4)),
        "casier": str(chance.randint(1, 120)),
        "kg": str(one_of(chance, (12, 14, 18, 20, 60, 80, 100))),
        "n": str(chance.randint(3, 9)),
        "cours": one_of(chance, _COURSES),
        "jour": one_of(chance, _DAYS),
        "mois": one_of(chance, _MONTHS),
        "heure": one_of(chance, ("9 h 30", "12 h 15", "18 h 30", "19 h")),
        "prix": one_of(chance, ("29,90", "32,90", "44,90")),
        "muscle": one_of(chance, _MUSCLES),
        "coach_m": story.gym.coach_m,
        "coach_f": story.gym.coach_f,
        "prenom": story.member.first_name,
        "ouverture": _clock(opens_at),
        "fermeture": _clock(closes_at),
    }


def _turns(
    chance: Random, gym_id: UUID, session_id: UUID, lines: Sequence[tuple[Role, str]], started_at: datetime
) -> Iterator[SessionTurn]:
    clock = started_at + timedelta(seconds=chance.uniform(0.8, 2.5))
    for position, (role, text) in enumerate(lines):
        length_ms = round(1000 * (0.5 + len(text.split()) / WORDS_PER_SECOND * chance.uniform(0.9, 1.2)))
        ended_at = clock + timedelta(milliseconds=length_ms)
        is_answer = role is Role.ASSISTANT
        yield SessionTurn(
            id=new_id(chance), session_id=session_id, gym_id=gym_id, item_id=token(chance, "item"), position=position,
            role=role, text=text, generated_text=None, status="final", started_at=clock, ended_at=ended_at,
            heard_ms=length_ms if is_answer else None, total_ms=length_ms if is_answer else None,
        )  # fmt: skip
        clock = ended_at + timedelta(milliseconds=chance.randint(350, 1600))


def _interrupted(chance: Random, turn: SessionTurn) -> SessionTurn:
    """The turn as heard by somebody who walks away in the middle of the answer."""
    words = turn.text.split()
    if turn.role != Role.ASSISTANT or turn.total_ms is None or len(words) < 6:
        return turn
    share = chance.uniform(0.4, 0.8)
    heard_ms = round(turn.total_ms * share)
    return replace(
        turn,
        text=" ".join(words[: max(2, int(len(words) * share))]),
        generated_text=turn.text,
        status="interrupted",
        ended_at=turn.started_at + timedelta(milliseconds=heard_ms),
        heard_ms=heard_ms,
    )


def _usage(chance: Random, turns: Sequence[SessionTurn]) -> Iterator[UsageLine]:
    """One line per transcription and per answer; the whole history is billed again with each answer."""
    history_tokens = 0
    cached_tokens = 0
    for turn in turns:
        seconds = (turn.ended_at - turn.started_at).total_seconds()
        if turn.role == Role.MEMBER:
            history_tokens += round(seconds * MEMBER_TOKENS_PER_SECOND)
            used = Usage(duration_seconds=round(seconds, 1))
            yield _line(chance, turn, "transcription", turn.item_id, TRANSCRIPTION_MODEL, used)
            continue
        generated_seconds = (turn.total_ms or 0) / 1000
        used = Usage(
            text_input_tokens=INSTRUCTION_TOKENS,
            audio_input_tokens=history_tokens,
            # Caches work in blocks of 64 tokens, from the second answer on.
            cached_text_tokens=INSTRUCTION_TOKENS // 64 * 64 if cached_tokens else 0,
            cached_audio_tokens=min(history_tokens, cached_tokens) // 64 * 64,
            text_output_tokens=round(1.5 * len((turn.generated_text or turn.text).split())),
            audio_output_tokens=round(generated_seconds * ANSWER_TOKENS_PER_SECOND),
        )
        history_tokens += round(seconds * ANSWER_TOKENS_PER_SECOND)
        cached_tokens = history_tokens
        yield _line(chance, turn, "response", token(chance, "resp"), REALTIME_MODEL, used)


def _line(chance: Random, turn: SessionTurn, kind: str, source_id: str, model: str, used: Usage) -> UsageLine:
    cost = cost_of(model, used)
    return UsageLine(
        id=new_id(chance), session_id=turn.session_id, gym_id=turn.gym_id, source_kind=kind, source_id=source_id,
        model=model, text_input_tokens=used.text_input_tokens, audio_input_tokens=used.audio_input_tokens,
        cached_text_tokens=used.cached_text_tokens, cached_audio_tokens=used.cached_audio_tokens,
        text_output_tokens=used.text_output_tokens, audio_output_tokens=used.audio_output_tokens,
        duration_seconds=Decimal(str(used.duration_seconds)), is_estimated=cost.is_estimated,
        price_version=PRICE_VERSION, cost_usd=cost.usd, occurred_at=turn.ended_at,
    )  # fmt: skip


def _clock(moment: datetime) -> str:
    return f"{moment.hour} h {moment.minute:02d}" if moment.minute else f"{moment.hour} h"

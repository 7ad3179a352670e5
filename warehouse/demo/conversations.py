"""What members say at the kiosks: closed sessions with their turns and what they cost.

Pure. Who talks follows the member's life; `words.py` chooses what about, `dialogues.py` holds the words.
A kiosk holds one session at a time.
"""

from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

import numpy as np

from jarvis.consents import NOTICE_VERSION
from jarvis.conversations import Role
from jarvis.prices import PRICE_VERSION, Usage, cost_of
from jarvis.sessions import CloseReason, SessionState
from warehouse.demo.chance import happens, new_id, numbers, one_of, stream, token, weighted
from warehouse.demo.dialogues import Dialogue
from warehouse.demo.gym_lives import GymLife, Outage
from warehouse.demo.members import MemberStory
from warehouse.demo.network import PARIS, GymStory
from warehouse.demo.personas import Floats
from warehouse.demo.records import Session, SessionTurn, UsageLine, Visit
from warehouse.demo.visits import Arrivals
from warehouse.demo.words import Speaker, Talk, slots_on

REALTIME_MODEL = "gpt-realtime-2.1-mini"
TRANSCRIPTION_MODEL = "gpt-realtime-whisper"

# OpenAI's rule of thumb: a minute of the member is 600 tokens, a minute of the answer 1,200.
MEMBER_TOKENS_PER_SECOND = 10
ANSWER_TOKENS_PER_SECOND = 20
INSTRUCTION_TOKENS = 850
WORDS_PER_SECOND = 2.5

_REASONS = {
    CloseReason.MEMBER_LEFT: 0.43, CloseReason.MEMBER_GOODBYE: 0.42, CloseReason.IDLE: 0.08,
    CloseReason.SECOND_BADGE: 0.03, CloseReason.KIOSK_LOST: 0.02, CloseReason.PROVIDER_LOST: 0.015,
    CloseReason.GATEWAY_LOST: 0.005,
}  # fmt: skip
_LEFT_REASONS = {CloseReason.MEMBER_LEFT: 0.6, CloseReason.IDLE: 0.4}
_UNKNOWN_BADGE_SHARE = 0.02
# Of the visits without a word.
_CHECK_INS = 0.25


@dataclass(frozen=True, slots=True)
class Spoken:
    """One session with all its rows, and the dialogue it follows."""

    session: Session
    turns: tuple[SessionTurn, ...]
    usage: tuple[UsageLine, ...]
    dialogue: Dialogue


@dataclass(frozen=True, slots=True, kw_only=True)
class Kiosks:
    """The kiosks of one gym: which is free, and which is silent."""

    ids: tuple[UUID, ...]
    silences: Mapping[UUID, Sequence[Outage]]
    """Each kiosk's outages in time order; they do not overlap."""
    begins: Mapping[UUID, Sequence[datetime]]
    """Ten minutes before each of them: nobody's last words are cut."""
    free_from: dict[UUID, datetime]
    """When each kiosk's last conversation ended; grows with each conversation."""

    @classmethod
    def of(cls, gym: GymStory, life: GymLife) -> "Kiosks":
        """All kiosks of a gym before anybody talks."""
        silences = {kiosk.id: [one for one in life.outages if one.kiosk_id == kiosk.id] for kiosk in gym.kiosks}
        return cls(
            ids=tuple(silences),
            silences=silences,
            begins={
                kiosk_id: [one.starts_at.astimezone(UTC) - timedelta(minutes=10) for one in found]
                for kiosk_id, found in silences.items()
            },
            free_from={},
        )

    def free(self, chance: Random, at: datetime) -> UUID | None:
        """A kiosk that works and holds no conversation at that time."""
        found = [
            kiosk_id
            for kiosk_id in self.ids
            if (kiosk_id not in self.free_from or self.free_from[kiosk_id] < at) and not self._is_silent(kiosk_id, at)
        ]
        return one_of(chance, found) if found else None

    def _is_silent(self, kiosk_id: UUID, at: datetime) -> bool:
        place = bisect(self.begins[kiosk_id], at)
        return place > 0 and at <= self.silences[kiosk_id][place - 1].ends_at


def hold_conversations(
    gym: GymStory,
    life: GymLife,
    stories: Mapping[int, MemberStory],
    arrivals: Arrivals,
    talk: Talk,
    *,
    seed: int,
    now: datetime,
) -> Iterator[tuple[Visit, Spoken | None]]:
    """Every visit of one gym in time order, with the conversation held on it, if any.

    A visit whose conversation starts on arrival has its badge read by that kiosk; of the silent ones, one
    in four badges at a kiosk all the same, to check in.

    Args:
        stories: the member of each row.
    """
    chance = stream(seed, "conversations", gym.gym.slug)
    arrays = numbers(seed, "talk", gym.gym.slug)
    kiosks = Kiosks.of(gym, life)
    talks = arrays.random(len(arrivals)) < _wish_to_talk(arrivals, talk)
    checks_in = arrays.random(len(arrivals)) < _CHECK_INS
    identifiers = arrays.bytes(16 * len(arrivals))
    for number, (row, talks_now, checks_in_now) in enumerate(
        zip(arrivals.rows.tolist(), talks.tolist(), checks_in.tolist(), strict=True)
    ):
        story, visited_at = stories[row], arrivals.at(number)
        visit_id = UUID(bytes=identifiers[16 * number : 16 * number + 16], version=4)
        kiosk_id, spoken = None, None
        if talks_now:
            is_on_arrival = happens(chance, 0.55)
            wait = timedelta(seconds=chance.randint(4, 15) if is_on_arrival else 60 * chance.randint(35, 85))
            started_at = visited_at + wait
            talks_at = kiosks.free(chance, started_at)
            _, closes_at = gym.open_on(visited_at.astimezone(PARIS).date())
            if talks_at is not None and started_at + timedelta(minutes=4) <= min(now, closes_at):
                is_known = not happens(chance, _UNKNOWN_BADGE_SHARE)
                speaker = Speaker(row, int(arrivals.days[number]), story.language, is_known)
                dialogue = talk.choose(chance, speaker)
                spoken = _converse(chance, story, life, dialogue, talks_at, started_at, is_known=is_known)
                kiosks.free_from[talks_at] = spoken.session.ended_at
                kiosk_id = talks_at if is_on_arrival and is_known else None
        elif checks_in_now:
            kiosk_id = kiosks.free(chance, visited_at)
        source = "badge" if kiosk_id else "door"
        yield Visit(visit_id, story.member.gym_id, story.member.id, kiosk_id, visited_at, source), spoken


def _wish_to_talk(arrivals: Arrivals, talk: Talk) -> Floats:
    """How likely each visit brings a conversation: more so with something to complain of or to settle."""
    rows, days, lives = arrivals.rows, arrivals.days, talk.lives
    weeks = np.clip(days // 7, 0, lives.motivation.shape[1] - 1)
    is_cross = lives.grievances[rows, weeks].sum(axis=1) > 1.0
    is_leaving = lives.decided[rows] <= days
    likely: Floats = np.minimum(0.7, talk.personas.talkativeness[rows] * (1 + 0.4 * is_cross + 1.0 * is_leaving))
    return likely


def _converse(
    chance: Random,
    story: MemberStory,
    life: GymLife,
    dialogue: Dialogue,
    kiosk_id: UUID,
    started_at: datetime,
    *,
    is_known: bool,
) -> Spoken:
    lines = dialogue.spoken(chance, _words(chance, story, life, started_at))
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


def _words(chance: Random, story: MemberStory, life: GymLife, started_at: datetime) -> dict[str, str]:
    """What the slots say in this conversation."""
    day = started_at.astimezone(PARIS).date()
    opens_at, closes_at = story.gym.open_on(day)
    return {
        **slots_on(chance, day, life.machine_on(day)),
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

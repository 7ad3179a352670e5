"""How often other thresholds would have fired: the rules that fire, replayed over days that are kept."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from jarvis.alert_choices import Preview
from jarvis.alert_previews import (
    THRESHOLDS,
    Days,
    Silence,
    Visits,
    preview_data_faults,
    preview_feedback,
    preview_kiosks,
    preview_milestones,
    preview_voice_budget,
)
from jarvis.alerts import AlertType, Finding, SaidTurn
from jarvis.churn import HeldBack
from jarvis.conversations import Emotion, Intent, Sentiment, Topic

GYM, KIOSK, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)
DAYS = Days(date(2026, 3, 2), date(2026, 3, 8), "Europe/Paris")
NOON = datetime(2026, 3, 4, 11, tzinfo=UTC)
HOUR = timedelta(hours=1)
ALWAYS: dict[str, object] = {}


def said(score: float, *, member: int = 7, topic: Topic = Topic.BILLING, at: datetime = NOON) -> Finding:
    """One analysed conversation of this mood."""
    label = Sentiment.NEGATIVE if score < -0.2 else Sentiment.NEUTRAL
    turn = SaidTurn("t", "", at, score, label, (Intent.COMPLAIN,) if label is Sentiment.NEGATIVE else ())
    return Finding(
        gym_id=GYM,
        session_id=UUID(int=int(at.timestamp())),
        kiosk_id=KIOSK,
        member_id=UUID(int=member),
        occurred_at=at,
        sentiment_score=score,
        sentiment_label=label,
        emotion=Emotion.NEUTRAL,
        topics=(topic,),
        intents=(Intent.COMPLAIN,) if label is Sentiment.NEGATIVE else (Intent.SMALL_TALK,),
        issues=(),
        turns=(turn,),
    )


@pytest.mark.parametrize(("below", "fired"), [(-0.5, 2), (-0.1, 3), (0.5, 4), (-1, 2)])
def test_a_mood_s_threshold_counts_as_the_rule_does(below: float, fired: int) -> None:
    """What is under it, and complaints above it; the same member on the same topic again is no second one."""
    findings = [
        said(-0.8), said(-0.7, at=NOON + HOUR), said(-0.6, topic=Topic.STAFF_COACHING, at=NOON + 2 * HOUR),
        said(-0.15, member=8, at=NOON + 24 * HOUR), said(0.2, member=9, at=NOON + 25 * HOUR),
    ]  # fmt: skip
    found = preview_feedback(findings, below=below, days=DAYS)
    assert (found.fired, found.days) == (fired, 2)


def test_members_are_congratulated_once_and_only_for_what_was_passed_in_the_days() -> None:
    """The hundredth visit of one; another passed theirs the week before, and a third is two short of it."""
    visits = [
        Visits(UUID(int=7), 98, [NOON - HOUR, NOON, NOON + HOUR]),
        Visits(UUID(int=8), 98, [DAYS.since - 5 * HOUR, DAYS.since - 4 * HOUR, NOON]),
        Visits(UUID(int=9), 96, [NOON, NOON + HOUR]),
    ]
    assert preview_milestones(visits, gym_id=GYM, days=DAYS, steps=(100,)) == Preview(1, 1, 1)
    assert preview_milestones(visits, gym_id=GYM, days=DAYS, steps=(98,)) == Preview(1, 1, 1)
    assert preview_milestones(visits, gym_id=GYM, days=DAYS).fired == 1


def usual(until: datetime, *, a_day: int = 8) -> list[datetime]:
    """Check-ins every three hours from five weeks before the days on."""
    first = DAYS.since - timedelta(days=35)
    step = timedelta(days=1) / a_day
    return [first + step * place for place in range(int((until - first) / step))]


@pytest.mark.parametrize(
    ("silent_hours", "closed", "fired"),
    [(48, (), 1), (24, (), 2), (96, (), 0), (48, (date(2026, 3, 5), date(2026, 3, 6), date(2026, 3, 7)), 0)],
)
def test_silent_check_ins_are_told_after_the_hours(silent_hours: int, closed: tuple[date, ...], fired: int) -> None:
    """60 hours of silence, and 30 of another; none where the gym is closed meanwhile."""
    before, after = DAYS.since + 66 * HOUR, DAYS.since + 126 * HOUR
    visits = [*usual(before), after, *(after + HOUR * hours for hours in (30, 31, 32))]
    found = preview_data_faults(
        visits, gym_id=GYM, days=DAYS, closed=closed, held_back={}, silent_after=timedelta(hours=silent_hours)
    )
    assert found.fired == fired


def test_scores_held_back_are_told_whatever_the_hours() -> None:
    """Drift on two days in a row is one alert; the day after it has ended."""
    held = {
        date(2026, 3, 3): frozenset({HeldBack.FEATURES_DRIFTED}),
        date(2026, 3, 4): frozenset({HeldBack.FEATURES_DRIFTED}),
        date(2026, 3, 5): frozenset[HeldBack](),
        date(2026, 3, 6): frozenset({HeldBack.FEATURES_DRIFTED}),
    }
    found = preview_data_faults(
        usual(DAYS.until), gym_id=GYM, days=DAYS, closed=(), held_back=held, silent_after=timedelta(days=10)
    )
    assert (found.fired, found.days) == (2, 7)


def test_a_budget_fires_at_its_share_and_at_its_end_once_a_month() -> None:
    """Spending before the days counts, an alert before them does not; a session that passes both is one."""
    sessions = [
        (datetime(2026, 3, 1, 10, tzinfo=UTC), Decimal(30)), (NOON, Decimal(30)), (NOON + HOUR, Decimal(25)),
        (NOON + 2 * HOUR, Decimal(30)), (NOON + 3 * HOUR, Decimal(30)),
    ]  # fmt: skip

    def fired(budget: int) -> int:
        share = Decimal("0.8")
        return preview_voice_budget(sessions, budget_usd=Decimal(budget), cheaper_share=share, days=DAYS).fired

    assert [fired(budget) for budget in (100, 140, 145, 200, 30, 35)] == [2, 2, 1, 0, 0, 1]


def kiosks(silences: list[Silence], *, minutes: float, hours: dict[str, object] = ALWAYS, count: int = 2) -> int:
    """How many alerts silent kiosks would have raised."""
    return preview_kiosks(
        silences,
        kiosks={KIOSK: "Entrée", OTHER: "Salle"} if count == 2 else {KIOSK: "Entrée"},
        gym_id=GYM,
        opening_hours=hours,
        closures=(),
        heard_on=7,
        alert_after=timedelta(minutes=minutes),
        days=DAYS,
    ).fired


def silent(minutes: float, *, at: datetime = NOON, kiosk: UUID = KIOSK) -> Silence:
    """A kiosk says nothing for so long."""
    return Silence(kiosk, at, at + timedelta(minutes=minutes))


@pytest.mark.parametrize(("minutes", "fired"), [(10, 3), (30, 2), (90, 1), (300, 0)])
def test_a_kiosk_s_silence_is_told_after_the_minutes(minutes: float, fired: int) -> None:
    """15, 45 and 120 minutes of silence on three days."""
    silences = [silent(long, at=NOON + timedelta(days=day)) for day, long in enumerate((15, 45, 120))]
    assert kiosks(silences, minutes=minutes) == fired


def test_all_kiosks_of_a_gym_are_one_alert_and_hours_count() -> None:
    """Both silent from the same moment: one; at night none; a silence from before the days that was told then: none."""
    both = [silent(60), silent(60, kiosk=OTHER)]
    assert kiosks(both, minutes=30) == 1
    night = {day: ["18:00", "20:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    assert kiosks(both, minutes=30, hours=night) == 0
    assert kiosks([Silence(KIOSK, DAYS.since - 5 * HOUR, None)], minutes=30, count=1) == 0
    assert kiosks([Silence(KIOSK, DAYS.until - 5 * HOUR, None)], minutes=30, count=1) == 1


def test_only_a_machine_s_report_has_no_number() -> None:
    """Every other kind of alert has its preview."""
    assert set(AlertType) - set(THRESHOLDS) == {AlertType.EQUIPMENT_ISSUE}

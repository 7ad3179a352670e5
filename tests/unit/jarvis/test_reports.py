"""Which days a report covers, what it says of them, and what it asks for."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from jarvis import reports_fr
from jarvis.conversations import Topic
from jarvis.report_pdf import compared
from jarvis.report_writing import changes_of, write_report
from jarvis.reports import (
    Change,
    Figures,
    Findings,
    Period,
    ReportKind,
    Standing,
    TopicCount,
    latest_period,
)

WEEK = Period(ReportKind.WEEKLY, date(2026, 11, 16), date(2026, 11, 23))
SESSION = UUID("5b1d9f6e-0000-4000-8000-000000000001")
QUIET = Standing(active_member_count=100, at_risk_member_count=0, open_alert_count=0, late_alert_ids=())


def figures(**values: float) -> Figures:
    """A period with activity."""
    return replace(Figures(active_days=7), **values)  # type: ignore[arg-type]


def findings(**values: object) -> Findings:
    """A quiet week after a quiet week, a year after a year without measures."""
    same = figures(visit_count=100, session_count=10, analysed_session_count=10, mean_sentiment_score=0.1)
    quiet = Findings("Dax", WEEK, same, same, Figures(), (), (), QUIET)
    return replace(quiet, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "today", "start", "last"),
    [
        (ReportKind.DAILY, date(2026, 3, 1), date(2026, 2, 28), date(2026, 2, 28)),
        (ReportKind.WEEKLY, date(2026, 11, 23), date(2026, 11, 16), date(2026, 11, 22)),
        (ReportKind.WEEKLY, date(2026, 11, 22), date(2026, 11, 9), date(2026, 11, 15)),
        (ReportKind.MONTHLY, date(2024, 3, 1), date(2024, 2, 1), date(2024, 2, 29)),
        (ReportKind.MONTHLY, date(2026, 1, 31), date(2025, 12, 1), date(2025, 12, 31)),
        (ReportKind.QUARTERLY, date(2026, 1, 1), date(2025, 10, 1), date(2025, 12, 31)),
        (ReportKind.QUARTERLY, date(2026, 5, 17), date(2026, 1, 1), date(2026, 3, 31)),
    ],
)
def test_a_report_covers_the_last_whole_period(kind: ReportKind, today: date, start: date, last: date) -> None:
    """A week ends on Sunday, also when the day asked is a Sunday: it is not over."""
    period = latest_period(kind, today=today)
    assert (period.start, period.last) == (start, last)


def test_a_period_follows_the_one_before_it() -> None:
    """No day is left out and none is counted twice."""
    for kind in ReportKind:
        period = latest_period(kind, today=date(2026, 3, 2))
        assert period.before.end == period.start


def test_a_monday_is_compared_with_a_monday() -> None:
    """Last year's same weeks are whole weeks ago; a month is compared with its namesake, 29 February or not."""
    assert WEEK.year_before.start == date(2025, 11, 17)
    leap = latest_period(ReportKind.MONTHLY, today=date(2024, 3, 1))
    assert (leap.year_before.start, leap.year_before.last) == (date(2023, 2, 1), date(2023, 2, 28))


def test_a_period_without_record_is_no_comparison() -> None:
    """Nothing before means no change, not a rise from nothing."""
    change = next(one for one in changes_of(findings(before=Figures())) if one.name == "visit_count")
    assert (change.before, change.share, change.year_before, change.share_of_year) == (None, None, None, None)


def test_a_quiet_week_says_so_and_still_asks_for_three_things() -> None:
    """No sentence without a change; actions never run out."""
    report = write_report(findings())
    assert report.insights == ()
    assert len(set(report.actions)) == 3
    assert "Aucun adhérent n'est à risque" in report.summary


def test_a_fall_in_visits_is_told_with_both_numbers() -> None:
    """Ten per cent is worth a sentence, nine is not."""
    told = write_report(findings(now=figures(visit_count=90)))
    assert [one.text for one in told.insights] == ["Fréquentation en baisse de 10\u00a0% : 90 passages contre 100."]
    assert write_report(findings(now=figures(visit_count=91))).insights == ()


def test_a_topic_cites_its_unhappy_conversations() -> None:
    """Two complaints make a tendency and name their sessions; one is an alert's business."""

    def told(negative: int) -> list[tuple[str, tuple[UUID, ...]]]:
        topic = TopicCount(Topic.SHOWERS_LOCKERS, 4, negative, (SESSION,))
        return [(one.text, one.session_ids) for one in write_report(findings(topics=(topic,))).insights]

    sentence = (
        "2 conversations négatives parlent des douches et des casiers (sur 4 qui en parlent), "
        "aucune la fois précédente."
    )
    assert told(2) == [(sentence, (SESSION,))]
    assert told(1) == []


def test_what_waits_comes_before_what_changed() -> None:
    """Alerts nobody took are the first action, whom to call follows, a complaint's remedy is third."""
    standing = Standing(100, 7, 3, (SESSION,))
    topic = TopicCount(Topic.CLEANLINESS, 3, 3, (SESSION,))
    report = write_report(findings(standing=standing, topics=(topic,)))
    assert report.actions[0] == "Prendre aujourd'hui les alertes urgentes et hautes qui attendent"
    assert set(report.actions[1:]) == {
        "Appeler les 5 adhérents les plus à risque : la liste est dans « Alertes »",
        "Revoir les passages de ménage aux heures citées",
    }


def test_a_mood_is_told_only_over_enough_conversations() -> None:
    """Four conversations are chance."""

    def moods(count: int) -> list[str]:
        now = figures(
            visit_count=100, analysed_session_count=count, mean_sentiment_score=-0.3, negative_session_count=3
        )
        return [one.kind for one in write_report(findings(now=now)).insights]

    assert (moods(5), moods(4)) == (["sentiment"], [])


@pytest.mark.parametrize(
    ("visits", "talks", "analysed", "negative", "said"),
    [
        (80, 0, 0, 0, "80 passages, aucune conversation à la borne. "),
        (1, 1, 1, 1, "1 passage, 1 conversation à la borne, dont 1 négative sur 1 analysée. "),
        (0, 12, 10, 0, "Aucun passage, 12 conversations à la borne, dont aucune négative sur 10 analysées. "),
    ],
)
def test_numbers_are_said_with_their_nouns(visits: int, talks: int, analysed: int, negative: int, said: str) -> None:
    """A week without a conversation says so, and one is no plural."""
    now = figures(
        visit_count=visits, session_count=talks, analysed_session_count=analysed, negative_session_count=negative
    )
    assert write_report(findings(now=now)).summary.startswith(said)


def test_visits_that_stopped_are_no_percentage() -> None:
    """« En baisse de 100 % : 0 passages » is said in words."""
    told = write_report(findings(now=figures(session_count=1)))
    assert [one.text for one in told.insights] == ["Aucun passage, contre 100 la fois précédente."]


@pytest.mark.parametrize(
    ("now", "before", "said"), [(0, 0, "="), (0, 12, "de 12 à 0"), (3, 0, "de 0 à 3"), (15, 12, "+25\u00a0% (12)")]
)
def test_a_change_from_or_to_nothing_is_said_in_numbers(now: int, before: int, said: str) -> None:
    """Nothing against nothing is the same; a share of nothing says nothing."""
    change = Change("alert_opened_count", now, before, None)
    values = {"now": now, "before": before, "year_before": None}
    told = compared(values, "before", {"share": change.share}, 0, change.name)
    assert told == said
    assert compared(values, "year_before", {}, 0, change.name) == "pas de mesure"


def test_alerts_of_a_period_are_called_new() -> None:
    """« Ouvertes » are those that wait now, on « Alertes »; these were raised in the period."""
    assert reports_fr.FIGURES["alert_opened_count"][0] == "Nouvelles alertes"


def test_an_empty_period_asks_to_look_at_the_machines() -> None:
    """Silence is a fault before it is a quiet week."""
    assert "vérifier que les bornes" in write_report(findings(now=Figures())).summary

"""A member's rhythm is one figure: the same in the features, in a reason and on the member's page, holidays or not."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from math import isnan
from random import Random
from statistics import fmean
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from jarvis.absences import Away, Declared, GymCalendar, Period, muted_days
from jarvis.calendars import SchoolZone
from jarvis.churn import ChurnThresholds, Contract, MemberHistory, Talk
from jarvis.members import MemberAnalytics, MemberFacts, PastConversation, gym_day, member_analytics
from jarvis.visit_habits import NO_RECORD, VisitTrend
from ml.churn.explain import DEARER_FROM_EUR, DEARER_FROM_SHARE, reasons, without
from ml.churn.features import FEATURES, Timeline
from ml.churn.scoring import score_members
from ml.churn.snapshots import matrix

GYM, MEMBER = UUID(int=1), UUID(int=2)
ZONE_A = GymCalendar(school_zone=SchoolZone.A)
LOOK_BACK = timedelta(days=420)

Row = dict[str, Any]


def member(
    day: date,
    seen: list[date],
    *,
    calendar: GymCalendar,
    away: tuple[Period, ...] = (),
    talks: tuple[date, ...] = (),
    joined_on: date = date(2020, 1, 1),
    recorded_from: date | None = None,
) -> tuple[MemberHistory, MemberAnalytics]:
    """What the stage of scores knows of a member as the day begins, and what their page says then."""  # fmt: skip
    absent = Away(absences=away)
    muted = muted_days(calendar, absent, day - LOOK_BACK, day, visits=seen)
    history = MemberHistory(
        gym_id=GYM, member_id=MEMBER, joined_on=joined_on, recorded_from=recorded_from,
        seen_on=tuple(sorted({*seen, *talks})), muted_on=tuple(sorted(muted)),
        away=tuple(Declared(one.starts_on, one.ends_on or date.max) for one in away),
        talks=tuple(Talk(day=one) for one in sorted(talks)),
    )  # fmt: skip
    facts = MemberFacts(
        GYM, MEMBER, visits=tuple(seen), joined_on=joined_on, away=absent,
        conversations=tuple(
            PastConversation(datetime.combine(one, time(9), tzinfo=UTC), one, 60.0, None, None) for one in talks
        ),
    )  # fmt: skip
    return history, member_analytics(facts, gym_day(calendar, today=day, recorded_from=recorded_from))


def row_of(history: MemberHistory, day: date) -> Row:
    """The features of the member as the day begins."""
    return Timeline.of([history]).snapshot(day).row(0, named=True)


def every(days: int, until: date) -> list[date]:
    """Visits in a constant rhythm over 440 days, the last one within it of the day."""
    return [until - timedelta(days=1 + back) for back in range(0, 440, days)][::-1]


@pytest.mark.parametrize("days", [1, 2, 3, 5, 7, 10])
@pytest.mark.parametrize("calendar", [GymCalendar(), ZONE_A], ids=["plain", "zone A"])
def test_a_constant_rhythm_is_the_same_habit_with_holidays_and_without(days: int, calendar: GymCalendar) -> None:
    """Who comes all the same in the holidays has the habit and the month that they have without any.

    On each day to what a stretch that begins and ends at a holiday may miss, over the year nearly to the digit.
    """
    year = [date(2026, 1, 1) + timedelta(days=number) for number in range(0, 365, 17)]
    rows, plain = (
        [row_of(member(day, every(days, day), calendar=one)[0], day) for day in year]
        for one in (calendar, GymCalendar())
    )
    for name, most in (("habit_per_week", 0.35), ("now_per_week", 0.8)):
        values = [row[name] for row in rows]
        assert fmean(values) == pytest.approx(7 / days, rel=0.1)
        # A visit more or less, of a window of twelve weeks with some holidays in it, or of four.
        assert max(abs(value - 7 / days) for value in values) < most
    assert fmean(row["visits_against_habit"] for row in rows) == pytest.approx(1.0, abs=0.1)
    engaged, usual = (fmean(row["engagement_score"] for row in each) for each in (rows, plain))
    assert engaged == pytest.approx(usual, abs=0.03)


def random_life(chance: Random) -> tuple[date, tuple[MemberHistory, MemberAnalytics]]:
    """Any day of 2026 and any member: seen often or never, away with and without an end, in a gym with closures."""
    day = date(2026, 1, 1) + timedelta(days=chance.randint(0, 364))

    def before(most: int) -> date:
        return day - timedelta(days=chance.randint(1, most))

    rhythm, last = chance.choice([1, 2, 3, 4, 7, 12, 40]), chance.choice([1, 2, 9, 30, 150, 260])
    seen = sorted({day - timedelta(days=last + back) for back in range(0, 400, rhythm) if chance.random() < 0.8})
    seen = chance.choice([seen, seen, seen, seen[-1:], []])
    ended = tuple(Period(start, start + timedelta(days=chance.randint(0, 40))) for start in (before(200), before(60)))
    calendar = GymCalendar(
        closures=tuple(Period(start, start + timedelta(days=chance.randint(0, 12))) for start in (before(90),)),
        school_zone=chance.choice([None, *SchoolZone]),
    )
    return day, member(
        day, seen, calendar=calendar, away=ended[: chance.randint(0, 2)],
        talks=tuple(sorted({before(70) for _ in range(chance.randint(0, 6))})) if seen else (),
        joined_on=before(chance.choice([60, 200, 900])) - timedelta(days=21),
        recorded_from=chance.choice([None, NO_RECORD, before(400), before(40)]),
    )  # fmt: skip


def test_habit_and_engagement_are_those_of_the_members_page() -> None:
    """For the same facts the features say what `member_analytics` says, to the last digit it shows."""
    chance = Random(5)
    habits = 0
    for number in range(200):
        day, (history, page) = random_life(chance)
        row = row_of(history, day)
        assert (None if isnan(row["engagement_score"]) else row["engagement_score"]) == page.engagement_score, number
        if page.counted_days_since_last_visit is not None:
            assert row["counted_away"] == page.counted_days_since_last_visit, number
        if page.usual_visits_per_week is None:
            assert isnan(row["habit_per_week"]), number
        else:
            habits += 1
            assert round(row["habit_per_week"], 2) == page.usual_visits_per_week, number
    assert habits > 100


def test_a_low_engagement_is_told_as_the_members_page_says_it() -> None:
    """Through the whole scoring, in holidays: the sentence and the figure are the page's."""
    day = date(2026, 9, 14)
    seen = [day - timedelta(days=back) for back in (26, 40, 60, 75, 90)][::-1]
    history, page = member(day, seen, calendar=ZONE_A)
    [score] = score_members([history], as_of=day, thresholds=ChurnThresholds())
    [reason] = [one for one in score.factors if one.factor == "low_engagement"]
    assert page.engagement_score is not None and page.engagement_score > 0
    assert reason.data == {"engagement_score": page.engagement_score}
    assert reason.text == f"Engagement faible : {page.engagement_score:.2f} sur 1.".replace(".", ",", 1)


def told(history: MemberHistory, day: date, *features: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """Reason to text and data, of a model that sees these features alone: the more, the safer; of two, the worse."""
    frame = Timeline.of([history]).snapshot(day)
    rows = matrix(frame)
    signs = {
        name: -1.0 if name in {"price_change", "price_change_beyond_gym", "days_away"} else 1.0 for name in features
    }

    def score_of(changed: Any) -> Any:
        return 5.0 - sum(sign * 0.01 * changed[:, FEATURES.index(name)] for name, sign in signs.items())

    typical = [1.0] * len(FEATURES)
    described = list(frame.iter_rows(named=True))
    [factors] = reasons(rows, described, score_of(rows), score_of=score_of, typical=typical)
    return {one.factor: (one.text, dict(one.data)) for one in factors}


def fading(day: date, *, every_days: int, since_days: int) -> list[date]:
    """Every second day until so many days ago, then seldom."""
    often = [day - timedelta(days=back) for back in range(since_days, 420, 2)]
    return sorted({*often, *(day - timedelta(days=back) for back in range(1, since_days, every_days))})


@pytest.mark.parametrize("calendar", [GymCalendar(), ZONE_A], ids=["plain", "zone A"])
def test_coming_less_is_told_with_the_habit_of_the_members_page(calendar: GymCalendar) -> None:
    """Who came every second day and comes once in nine: never 7.69 a week before, in the holidays either."""
    day = date(2026, 3, 20)
    history, page = member(day, fading(day, every_days=9, since_days=40), calendar=calendar)
    text, data = told(history, day, "visits_28", "visits_against_habit")["declining"]
    assert page.usual_visits_per_week is not None and 1.5 < page.usual_visits_per_week <= 3.6
    assert data["habit_per_week"] == page.usual_visits_per_week
    assert f"{page.usual_visits_per_week:.2f} d'habitude".replace(".", ",") in text
    assert (", hors absences et fermetures." in text) is (calendar is ZONE_A)


def test_a_steady_member_is_never_told_to_come_less() -> None:
    """Every second day all year: whatever the model makes of it, there is no such reason, with a zone or without."""
    for month in range(1, 13):
        day = date(2026, month, 12)
        for calendar in (GymCalendar(), ZONE_A):
            history, _ = member(day, every(2, day), calendar=calendar)
            assert "declining" not in told(history, day, "visits_7", "visits_28", "visits_84")


@pytest.mark.parametrize("calendar", [GymCalendar(), ZONE_A], ids=["plain", "zone A"])
def test_an_absence_is_told_in_the_days_and_the_habit_of_the_members_page(calendar: GymCalendar) -> None:
    """Also where the last visit was in the school holidays, which do not count."""
    day = date(2026, 3, 20)
    history, page = member(day, [one for one in every(3, day) if one <= date(2026, 2, 15)], calendar=calendar)
    text, data = told(history, day, "days_away")["absent"]
    assert page.usual_visits_per_week is not None
    assert data["days_away"] == page.counted_days_since_last_visit
    assert text.startswith(f"Aucune visite depuis {data['days_away']} jours")
    assert data["usual_gap_days"] == round(7 / page.usual_visits_per_week)


def test_nobody_is_missed_within_their_own_rhythm() -> None:
    """Five visits in twelve weeks, and seventeen days away: no reason; twenty-five are one."""
    day = date(2026, 3, 20)
    for back, is_told in ((17, False), (25, True)):
        history, _ = member(day, every(20, day - timedelta(days=back - 1)), calendar=GymCalendar())
        assert ("absent" in told(history, day, "days_away")) is is_told


def test_no_visit_in_four_weeks_is_told_once() -> None:
    """The heavier of the two reasons says it, whichever it is."""
    day = date(2026, 3, 20)
    history, _ = member(day, [one for one in every(3, day) if one < day - timedelta(days=30)], calendar=GymCalendar())
    for features in (("days_away", "visits_28"), ("visits_28", "visits_84", "days_away")):
        found = told(history, day, *features)
        assert len(found) == 1, found
    text, _ = told(history, day, "visits_28")["declining"]
    assert text == "Vient moins : aucune visite depuis 31 jours ; d'habitude 2,33 par semaine."


def test_of_who_comes_once_a_month_a_month_without_is_not_less() -> None:
    """It is told as what it is: seldom."""
    day = date(2026, 3, 20)
    history, _ = member(day, [one for one in every(28, day) if one < day - timedelta(days=29)], calendar=GymCalendar())
    assert told(history, day, "visits_28", "visits_84")["declining"][0] == "Vient peu : aucune visite depuis 57 jours."


@pytest.mark.parametrize(("days", "is_told"), [(160, False), (91, False), (45, True), (3, True)])
def test_an_end_is_told_when_it_is_near(days: int, is_told: bool) -> None:
    """Nobody talks of a renewal five months ahead."""
    day = date(2026, 3, 20)
    history, _ = member(day, every(3, day), calendar=GymCalendar())
    ends = day + timedelta(days=days)
    contract = Contract(plan="a", started_on=ends - timedelta(days=365), expires_on=ends, monthly_price_eur=30.0)
    assert ("expiry" in told(replace(history, contracts=(contract,)), day, "days_to_expiry")) is is_told


def unseen(recorded: int | None, *, talked: int | None = None) -> tuple[MemberHistory, MemberAnalytics]:
    """Somebody of six years' membership without a visit in a gym whose record began so many days ago, or has not."""
    day = date(2026, 3, 20)
    recorded_from = NO_RECORD if recorded is None else day - timedelta(days=recorded)
    talks = () if talked is None else (day - timedelta(days=talked),)
    return member(day, [], calendar=GymCalendar(), talks=talks, recorded_from=recorded_from)


@pytest.mark.parametrize(("recorded", "is_missed"), [(None, False), (5, False), (14, False), (15, True), (40, True)])
def test_nobody_is_missed_on_days_that_nobody_recorded(recorded: int | None, is_missed: bool) -> None:
    """Six years of membership and no visit: the rule of fourteen days waits for fourteen days on record."""
    history, page = unseen(recorded)
    day = date(2026, 3, 20)
    [score] = score_members([history], as_of=day, thresholds=ChurnThresholds())
    told_by = {one.factor: one for one in score.factors}
    assert ("absent" in told_by) is is_missed
    assert row_of(history, day)["days_away"] == (recorded or 0)
    assert (page.visit_trend is VisitTrend.ABSENT) is ((recorded or 0) > 7)
    if is_missed:
        began = day - timedelta(days=recorded or 0)
        assert told_by["absent"].text == (
            f"Aucune visite connue depuis le premier passage enregistré dans la salle, le {began:%d/%m/%Y}, "
            f"il y a {recorded} jours."
        )
        assert told_by["absent"].data["recorded_from"] == began.isoformat()


def test_without_a_record_there_is_no_engagement_and_no_habit() -> None:
    """Not even of somebody who once talked to the kiosk: nobody knows how often they come."""
    history, page = unseen(None, talked=60)
    row = row_of(history, date(2026, 3, 20))
    assert (page.engagement_score, page.usual_visits_per_week) == (None, None)
    assert isnan(row["engagement_score"]) and isnan(row["habit_per_week"])
    assert (page.days_since_last_visit, page.counted_days_since_last_visit) == (0, 0)


def test_an_absence_that_began_before_the_record_is_counted_from_its_beginning() -> None:
    """Heard at the kiosk a hundred days ago, and the badges are recorded for twenty: twenty days are known."""
    history, page = unseen(20, talked=100)
    assert row_of(history, date(2026, 3, 20))["days_away"] == 20
    assert (page.days_since_last_visit, page.counted_days_since_last_visit) == (20, 20)
    text, data = told(history, date(2026, 3, 20), "days_away")["absent"]
    assert "le premier passage enregistré dans la salle, le 28/02/2026" in text
    assert data["last_seen_on"] is None


def test_windows_that_reach_before_the_record_are_not_known() -> None:
    """Ten days on record: the last week has its visits, four weeks are not known, and no reason quotes them."""
    day = date(2026, 3, 20)
    history, page = member(
        day, [day - timedelta(days=8)], calendar=GymCalendar(), recorded_from=day - timedelta(days=10)
    )
    row = row_of(history, day)
    assert row["visits_7"] == 0
    assert all(isnan(row[name]) for name in ("visits_14", "visits_28", "visits_28_before", "visits_84", "visits_168"))
    assert row["gym_trend"] == 1.0
    assert "declining" not in told(history, day, "engagement_score")
    assert page.visit_frequency_per_week == pytest.approx(7 / 11, abs=0.01)


def test_whoever_came_as_often_as_the_record_allows_is_engaged() -> None:
    """Twice a week on each of eleven days on record is a full habit, and not four visits in four weeks."""
    day = date(2026, 3, 20)
    seen = [day - timedelta(days=back) for back in (10, 7, 3, 1)]
    history, page = member(day, seen, calendar=GymCalendar(), recorded_from=day - timedelta(days=10))
    assert page.engagement_score == pytest.approx(0.5 + 0.3 * (1 - 1 / 30), abs=0.01)
    assert row_of(history, day)["engagement_score"] == page.engagement_score


def priced(before: float, now: float) -> MemberHistory:
    """Somebody whose price changed with their second contract, and who comes less."""
    day = date(2026, 3, 20)
    seen = sorted(day - timedelta(days=back) for back in (20, *range(40, 130, 3)))
    history, _ = member(day, seen, calendar=GymCalendar())
    start = day - timedelta(days=100)
    return replace(
        history,
        contracts=tuple(
            Contract(plan="a", started_on=begin, expires_on=begin + timedelta(days=365), monthly_price_eur=price)
            for begin, price in ((start - timedelta(days=365), before), (start, now))
        ),
    )


@pytest.mark.parametrize(
    ("before", "now", "is_told"),
    [
        (30.0, 30.88, False),
        (30.0, 31.99, False),
        (30.0, 30.0 + DEARER_FROM_EUR, True),
        (60.0, 62.5, False),
        (60.0, 60.0 * (1 + DEARER_FROM_SHARE), True),
        (9.0, 10.0, False),
        (60.0, 50.0, False),
    ],
)
def test_a_dearer_contract_is_told_where_it_is_worth_a_word(before: float, now: float, is_told: bool) -> None:
    """Two euros and one in twenty; where it is less, the other reasons are told all the same."""
    found = told(priced(before, now), date(2026, 3, 20), "price_change_beyond_gym", "visits_28")
    assert ("dearer" in found) is is_told
    assert "declining" in found


def told_among(history: MemberHistory, others: list[MemberHistory]) -> tuple[str, dict[str, Any]] | None:
    """The price reason of a member whose gym has others, of a model that sees their own part of the rise alone."""
    frame = Timeline.of([history, *others]).snapshot(date(2026, 3, 20))
    rows, place = matrix(frame), FEATURES.index("price_change_beyond_gym")

    def score_of(changed: Any) -> Any:
        return np.nan_to_num(0.1 * changed[:, place])

    [factors, *_] = reasons(
        rows, list(frame.iter_rows(named=True)), score_of(rows), score_of=score_of, typical=[1.0] * len(FEATURES)
    )
    return next(((one.text, dict(one.data)) for one in factors if one.factor == "dearer"), None)


@pytest.mark.parametrize(
    ("others", "text"),
    [
        # All had ten percent: nobody's own reason.
        ([33.0] * 6, None),
        # Nobody else had a rise in the month.
        (
            [30.0] * 6,
            "Paie 3,00 € de plus par mois qu'à son abonnement précédent, quand les autres adhérents de la salle ont "
            "renouvelé sans hausse.",
        ),
        # All had one percent.
        (
            [30.3] * 6,
            "Paie 3,00 € de plus par mois qu'à son abonnement précédent, dont 2,70 € au-delà de la hausse des autres "
            "adhérents de la salle.",
        ),
        # Too few to say what a renewal brings in this gym.
        ([33.0] * 3, "Paie 3,00 € de plus par mois qu'à son abonnement précédent."),
        # A gym that became cheaper does not make the old price dear.
        ([20.0] * 6, "Paie 3,00 € de plus par mois qu'à son abonnement précédent, quand les autres adhérents de la "
            "salle ont renouvelé sans hausse."),
    ],
)  # fmt: skip
def test_a_rise_that_everybody_had_is_nobodys_reason(others: list[float], text: str | None) -> None:
    """Only what comes on top of the gym's renewals of the month is told, and the words say so."""
    found = told_among(priced(30.0, 33.0), [priced(30.0, price) for price in others])
    assert (None if found is None else found[0]) == text
    if found is not None and "au-delà" in found[0]:
        assert found[1] == {"price_change_eur": 3.0, "beyond_gym_eur": 2.7, "gym_rise_percent": 1.0}


def test_the_rise_of_another_gym_or_another_year_is_no_measure() -> None:
    """Six renewals ten percent dearer, elsewhere or two years before, leave the member's own rise whole."""
    one = priced(30.0, 33.0)
    elsewhere = [replace(priced(30.0, 33.0), gym_id=UUID(int=9)) for _ in range(6)]
    long_ago = [
        replace(
            other,
            contracts=tuple(
                replace(each, started_on=each.started_on - timedelta(days=730), expires_on=date(2026, 6, 1))
                for each in other.contracts
            ),
        )
        for other in (priced(30.0, 33.0) for _ in range(6))
    ]
    for others in (elsewhere, long_ago):
        found = told_among(one, others)
        assert found is not None and found[0] == "Paie 3,00 € de plus par mois qu'à son abonnement précédent."


def test_what_is_taken_away_with_the_reason_is_the_members_own_part() -> None:
    """Ten euros more of which the gym's six: without the reason the member pays what the others pay."""
    others = [priced(30.0, 36.0) for _ in range(6)]
    rows = matrix(Timeline.of([priced(30.0, 40.0), *others]).snapshot(date(2026, 3, 20)))
    taken = without(rows, "dearer", [1.0] * len(FEATURES))
    of = FEATURES.index
    assert taken[0, of("monthly_price_eur")] == pytest.approx(36.0)
    assert taken[0, of("price_change")] == pytest.approx(6.0)
    assert taken[0, of("price_change_beyond_gym")] == pytest.approx(0.0)
    np.testing.assert_allclose(taken[1:], rows[1:])


def test_what_has_been_paid_for_over_a_year_is_no_reason() -> None:
    """The rise came with a contract of fourteen months ago that still runs."""
    one = priced(30.0, 40.0)
    older = tuple(
        replace(each, started_on=each.started_on - timedelta(days=330), expires_on=date(2026, 12, 1))
        for each in one.contracts
    )
    assert told_among(one, []) is not None
    assert told_among(replace(one, contracts=older), []) is None

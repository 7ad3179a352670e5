"""« Analyses » run by Streamlit's own test harness, with rows in memory: what each question is answered."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from streamlit.testing.v1 import AppTest

from dashboards import access, formats, language, texts_fr, trend_leavers, trend_talks, trend_visits
from dashboards.periods import PERIODS, Span, months_back
from dashboards.trends import Look
from jarvis import small_numbers
from jarvis.tenancy import Scope, UserRole
from tests.support.app_pages import MemoryRecords

TODAY = date(2026, 11, 23)
LONG_AGO = date(2024, 1, 1)


def a_look(key: str = "4s", *, since: date = LONG_AGO) -> Look:
    period = PERIODS[key]
    return Look(period=period, span=period.span(today=TODAY), record={"first_date": since, "comparable_date": since})


def days(span: Span, visits: int) -> list[dict[str, object]]:
    return [
        {"local_date": span.first + timedelta(days=day), "visit_count": visits, "session_count": 1}
        for day in range(span.days)
    ]


def a_topic(topic: str, negative: int, neutral: int, *, is_now: bool = True) -> dict[str, object]:
    return {
        "topic": topic, "is_now": is_now, "is_suppressed": False, "session_count": negative + neutral,
        "negative_count": negative, "neutral_count": neutral, "positive_count": 0,
    }  # fmt: skip


def an_ending(solved: int, unsolved: int, *, is_now: bool, part: int | None) -> dict[str, object]:
    return {
        "is_now": is_now, "part": part, "is_suppressed": False, "solved_count": solved, "handed_over_count": 0,
        "unsolved_count": unsolved, "abandoned_count": 0, "estimated_count": 4, "mean_satisfaction": 0.62,
    }  # fmt: skip


def a_month(of: date, left: int, *, is_settled: bool = True, members: int | None = 200) -> dict[str, object]:
    return {
        "month_date": of, "is_settled": is_settled, "member_count": members, "joined_count": 3,
        "left_count": None if members is None else left, "lost_monthly_price_eur": 30.0 * left,
    }  # fmt: skip


def test_a_period_is_whole_weeks_up_to_yesterday() -> None:
    """As many Saturdays on either side; the period before ends the day before, a year back is a Monday's Monday."""
    span = PERIODS["4s"].span(today=TODAY)
    assert (span.first, span.last, span.days) == (date(2026, 10, 26), date(2026, 11, 22), 28)
    assert (span.before.first, span.before.last) == (date(2026, 9, 28), date(2026, 10, 25))
    assert span.year_before.first.weekday() == span.first.weekday()
    assert [key for key, period in PERIODS.items() if period.days % 7 or period.days % period.part_days] == []
    assert months_back(TODAY, 11) == date(2025, 12, 1)


def test_every_period_has_its_english() -> None:
    """A question ends in words that stand in no call of say."""
    words = {text for period in PERIODS.values() for text in (period.label, period.than_before)}
    words |= {*texts_fr.WEEKDAYS, *trend_leavers.MONTHS, *trend_talks.COST_KINDS.values()}
    assert words - language.english().keys() == set()


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [
        (11, 10, "Oui, +10\u00a0% : 308 passages contre 280."),
        (9, 10, "Non, −10\u00a0% : 252 passages contre 280."),
        (10, 10, "Autant : 280 passages contre 280."),
        (0, 10, "Aucun passage sur la période."),
    ],
)
def test_visits_are_answered_beside_the_period_before(now: int, before: int, words: str) -> None:
    """Yes, no or as many, with both numbers."""
    look = a_look(since=date(2026, 9, 28))
    trend = trend_visits.visits(look, [*days(look.span.before, before), *days(look.span, now)])
    assert trend.answer == words
    assert (trend.figure is None) == (now == 0)


def test_last_year_stands_beside_this_one_where_it_is_on_record() -> None:
    """The same weeks, as a line and in the sentence."""
    look = a_look()
    rows = [*days(look.span.year_before, 5), *days(look.span.before, 10), *days(look.span, 10)]
    trend = trend_visits.visits(look, rows)
    assert trend.answer.endswith(", +100\u00a0% en un an.")
    assert [part.name for part in trend.figure.data] == ["Passages", "Période d'avant", "L'an dernier"]
    assert trend.rows[0] == {"first": look.span.first, "visit_count": 10, "before": 10, "year_before": 5}


def test_a_gym_of_last_week_is_compared_with_nothing() -> None:
    """Half a past is no past: the page says since when there are data."""
    look = a_look(since=date(2026, 10, 1))
    trend = trend_visits.visits(look, days(look.span, 10))
    assert trend.answer == "280 passages sur la période."
    assert "01/10/2026" in trend.note
    assert "before" not in trend.columns


def test_the_fullest_hour_is_named() -> None:
    """The mean of a week, and the calmest hour of the day."""
    found = [
        {"weekday_number": day, "local_hour": hour, "visit_count": 40 if (day, hour) == (1, 18) else 8}
        for day in range(1, 8)
        for hour in range(8, 22)
        if (day, hour) != (3, 14)
    ]
    trend = trend_visits.hours(a_look(), found)
    assert trend.answer == "Surtout le lundi à 18 h (10,0 passages). Le plus calme : le mercredi à 14 h."
    assert trend.rows[18 - 8]["1"] == 10.0


def test_an_hour_of_a_handful_stays_empty() -> None:
    """Neither its mean nor a zero: the cell is empty in the map and in the table, and a sentence says why."""
    found = [
        {"weekday_number": 1, "local_hour": 18, "visit_count": 40},
        {"weekday_number": 2, "local_hour": 18, "visit_count": None},
    ]
    trend = trend_visits.hours(a_look(), found)
    assert (trend.rows[0]["1"], trend.rows[0]["2"], trend.rows[0]["3"]) == (10.0, None, 0.0)
    assert trend.figure is not None
    assert [row[0] for row in trend.figure.data[0].z][:3] == [10.0, None, 0.0]
    assert trend.note.endswith("Les heures de moins de 5 passages en tout restent vides.")
    assert trend_visits.hours(a_look(), found[1:]).answer == "Trop peu de passages pour les dire heure par heure."


def test_a_topic_of_a_mood_of_a_handful_is_told_without_moods() -> None:
    """Its conversations stand in a colour of their own, and nobody is said to complain of it."""
    quiet = {**a_topic("crowding", 0, 9), "negative_count": None, "neutral_count": None}
    trend = trend_talks.topics(a_look(), [quiet])
    assert trend.answer == "Surtout : affluence."
    assert trend.figure is not None
    assert {part.name: list(part.x) for part in trend.figure.data}["Humeur non dite"] == [9]


def test_topics_say_what_members_complain_of_and_lead_there() -> None:
    """The most spoken of first; a click on a bar opens its conversations of these days."""
    look = a_look()
    trend = trend_talks.topics(look, [a_topic("crowding", 1, 9), a_topic("showers_lockers", 5, 1)])
    assert trend.answer == (
        "Surtout : affluence, douches et casiers. "
        "On se plaint surtout de : douches et casiers (5 conversations négatives sur 6)."
    )
    assert trend.picks["showers_lockers"].query == {"sujet": "showers_lockers", "du": "2026-10-26", "au": "2026-11-22"}


def test_a_topic_of_a_handful_is_not_told() -> None:
    """It is counted in a sentence, and stands neither in the chart nor in the table."""
    hidden = {**a_topic("safety", 1, 0), "is_suppressed": True, "session_count": None, "negative_count": None}
    trend = trend_talks.topics(a_look(), [a_topic("crowding", 0, 9), hidden])
    assert trend.note == "Sujets de moins de 5 adhérents, non détaillés : 1."
    assert [row["topic"] for row in trend.rows] == ["crowding"]


@pytest.mark.parametrize(
    ("now", "before", "word"), [((8, 2), (6, 4), "Oui"), ((6, 4), (8, 2), "Non"), ((8, 2), (8, 2), "Comme avant")]
)
def test_endings_are_compared_as_shares(now: tuple[int, int], before: tuple[int, int], word: str) -> None:
    """How many were solved, of all that ended somehow."""
    found = [
        an_ending(*before, is_now=False, part=None), an_ending(*now, is_now=True, part=None),
        an_ending(*now, is_now=True, part=4),
    ]  # fmt: skip
    trend = trend_talks.endings(a_look(), found)
    assert trend.answer.startswith(f"{word} : {10 * now[0]}\u00a0% finissent résolues, contre {10 * before[0]}")
    assert trend.rows[0]["first"] == date(2026, 10, 26)
    assert trend.drill is not None
    assert trend.drill.query["issue"] == "unsolved,abandoned"


def test_leavers_are_counted_in_settled_months() -> None:
    """A month that can still change is shown and not compared."""
    found = [
        a_month(date(2026, 8, 1), 5),
        a_month(date(2026, 9, 1), 4),
        a_month(date(2026, 10, 1), 9, is_settled=False),
    ]
    trend = trend_leavers.leavers(a_look(), found)
    assert trend.answer == (
        "4 départs (sept. 26), soit 2\u00a0% des adhérents, contre 5 juste avant "
        "; 120 € d'abonnements par mois en moins."
    )
    assert [row["settled"] for row in trend.rows] == ["oui", "oui", "provisoire"]
    assert [row["month"] for row in trend.rows] == ["août 26", "sept. 26", "oct. 26*"]


def test_stays_name_the_month_in_which_most_leave() -> None:
    """Of a hundred who came."""
    found = [
        {"month_number": number, "member_count": 50, "retained_count": kept} for number, kept in enumerate((50, 48, 40))
    ]
    assert trend_leavers.stays(found).answer == (
        "Sur 100 arrivés, 80 sont encore là après 2 mois ; on part surtout au mois 2."
    )


def test_costs_are_told_for_one_conversation() -> None:
    """The sum, and what one of them comes to."""
    look = a_look()
    found = [{"local_date": look.span.first, "cost_kind": "response", "cost_usd": 1.4}]
    trend = trend_talks.costs(look, found, days(look.span, 0))
    assert trend.answer == "1,40 $ pour 28 conversations, soit 0,050 $ l'une."
    assert trend.rows[0]["total"] == 1.4


def script() -> None:
    """What Streamlit runs; imports inside, as the harness runs its text alone."""
    from dashboards.app_pages.manager import trends

    trends.page()


@pytest.fixture
def records() -> MemoryRecords:
    span = PERIODS["4s"].span(today=formats.network_day(datetime.now(UTC)))
    record = {"first_date": LONG_AGO, "comparable_date": LONG_AGO, "built_at": datetime.now(UTC)}
    return MemoryRecords({"marts_trends.record": [record], "marts_trends.days": days(span, 3)})


@pytest.fixture(params=[UserRole.GYM_MANAGER])
def page(request: pytest.FixtureRequest, records: MemoryRecords, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The page, not run yet."""
    scope = Scope(user_id=uuid4(), role=request.param, full_name="Camille Durand", gym_id=UUID(int=1))
    monkeypatch.setattr(access, "require", lambda *_, **__: scope)
    monkeypatch.setattr(access, "door", lambda: SimpleNamespace(records=records))
    # A link needs a running app's menu; the browser tests follow it.
    monkeypatch.setattr("dashboards.navigation.link", lambda *_: None)
    yield AppTest.from_function(script, default_timeout=60)


@pytest.mark.parametrize(("part", "count"), [("Visites", 2), ("Conversations", 4), ("Fidélité", 2)])
def test_every_question_stands_in_its_part(page: AppTest, part: str, count: int) -> None:
    """Also those that nothing answers yet; the address says which part is open."""
    page.query_params["partie"] = part
    page.run()
    assert not page.exception
    assert len(page.subheader) == count


def test_the_first_part_is_open_where_the_address_names_none(page: AppTest) -> None:
    """Or one that there is not; the others are not read."""
    page.query_params["partie"] = "Ailleurs"
    page.run()
    assert page.subheader[0].value == "Les adhérents viennent-ils plus qu'il y a quatre semaines\u00a0?"
    assert len(page.subheader) == 2


def test_the_period_is_asked_of_the_marts(page: AppTest, records: MemoryRecords) -> None:
    """Three months are thirteen weeks, and the address can name them."""
    page.query_params["periode"] = "3m"
    page.run()
    assert page.subheader[0].value == "Les adhérents viennent-ils plus qu'il y a trois mois\u00a0?"


def test_the_period_before_is_as_long(page: AppTest, records: MemoryRecords) -> None:
    """What is compared is asked with it."""
    page.query_params["periode"] = "3m"
    page.query_params["partie"] = "Conversations"
    page.run()
    asked = dict(records.asked)["marts_trends.topics"]
    assert (asked["last"] - asked["first"]).days == 90  # type: ignore[operator]
    assert (asked["first"] - asked["before"]).days == 91  # type: ignore[operator]


@pytest.mark.parametrize(
    ("page", "least"), [(UserRole.GYM_MANAGER, 0), (UserRole.FRANCHISE_OWNER, small_numbers.LEAST)], indirect=["page"]
)
@pytest.mark.parametrize(
    ("part", "blocks"),
    [("Visites", ["hours"]), ("Conversations", ["topics", "endings"]), ("Fidélité", ["leavers", "stays"])],
)
def test_whoever_compares_gyms_is_told_nothing_of_a_handful(
    page: AppTest, records: MemoryRecords, least: int, part: str, blocks: list[str]
) -> None:
    """The database leaves such figures out; a gym's own people know their members."""
    page.query_params["partie"] = part
    page.run()
    asked = dict(records.asked)
    assert {asked[f"marts_trends.{name}"]["least"] for name in blocks} == {least}


def test_a_chart_is_a_table_on_demand(page: AppTest) -> None:
    """The same figures, in rows."""
    page.run()
    page.toggle(key="as-table-passages").set_value(True).run()
    assert not page.exception
    assert page.dataframe[0].value["visit_count"].sum() == 3 * 28


def test_marts_that_are_not_there_are_said_to_come(page: AppTest, records: MemoryRecords) -> None:
    """No figure, and a sentence instead."""
    records.answers["marts_trends.record"] = []
    page.run()
    assert [found.value for found in page.info] == ["Rien n'est encore enregistré pour cette salle."]


def test_a_cost_that_did_not_move_is_said_in_words() -> None:
    """A sign of equality stands in tables, not in a sentence; who has nothing to compare with reads no comparison."""
    assert trend_talks._costs_answer(0.71, 0.71, 134).endswith("l'une (autant que la période d'avant).")
    assert "(+100\u00a0% par rapport" in trend_talks._costs_answer(1.0, 0.5, 10)
    assert trend_talks._costs_answer(1.0, None, 10).endswith("l'une.")

"""« Réseau » and « Coûts » as rules and as pages run on rows in memory: what few are behind is not told."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from streamlit.testing.v1 import AppTest

from dashboards import access, context, costs, costs_tables, formats, network, network_board, texts_fr
from jarvis import spending
from jarvis.tenancy import Scope, UserRole
from tests.support.app_pages import MemoryRecords

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
OCTOBER, SEPTEMBER = date(2026, 10, 1), date(2026, 9, 1)
VISITS = network.MEASURES["visits"]


def a_month(number: int = 1, month: date = OCTOBER, **changes: object) -> dict[str, object]:
    return {
        "gym_id": UUID(int=number), "gym_name": f"Salle {number}", "franchise_name": "Landes Fitness",
        "active_member_count": 100, "built_at": NOW - timedelta(minutes=5), "month_date": month, "visit_count": 400,
        "session_count": 50, "negative_session_count": 10, "analysed_session_count": 40, "mean_sentiment_score": 0.2,
        "talking_member_count": 30,
        "left_count": 2, "churn_rate": 0.02, "alert_opened_count": 5, "cost_usd": Decimal("1.25"), **changes,
    }  # fmt: skip


def gyms(*rows: dict[str, object]) -> list[network.Gym]:
    return network.gyms_of(list(rows), month=OCTOBER, before=SEPTEMBER)


def test_a_gym_s_measures_are_its_month_s() -> None:
    """Per member, per hundred visits, per conversation; unhappy ones of those whose sentiment is known."""
    [gym] = gyms(a_month())
    assert {name: gym.value(measure) for name, measure in network.MEASURES.items()} == {
        "visits": 4.0, "talks": 12.5, "negative": 25.0, "sentiment": 0.2, "churn": 2.0, "alerts": 5.0, "cost": 0.025,
    }  # fmt: skip


@pytest.mark.parametrize("members", [1, 4])
def test_a_gym_of_a_few_members_keeps_its_name_only(members: int) -> None:
    """What one to four people do is not told to whoever compares gyms; five may be, none are nobody."""
    [line] = network.lines(gyms(a_month(active_member_count=members)))
    assert {name: value for name, value in line.items() if value is not None} == {
        "gym_id": UUID(int=1), "gym_name": "Salle 1", "franchise_name": "Landes Fitness",
    }  # fmt: skip
    assert network.lines(gyms(a_month(active_member_count=5)))[0]["visits"] == 80.0


def test_what_the_mart_leaves_out_stays_out() -> None:
    """A figure of few talkers is null there, and no share of it here, nor part of any benchmark."""
    found = gyms(a_month(1, negative_session_count=None), a_month(2, negative_session_count=9), a_month(3), a_month(4))
    negative = network.MEASURES["negative"]
    assert [gym.value(negative) for gym in found] == [None, None, 25.0, 25.0]
    assert (told := network.benchmark(found, negative)) and told.gym_count == 2


def test_a_number_left_out_is_not_found_by_subtraction() -> None:
    """The sum of all gyms stands on « Analyses »: with one number of a month, another gym's is left out too."""
    months = [a_month(1, visit_count=3), a_month(2, visit_count=20), a_month(3, visit_count=300)]
    known = {line["gym_id"]: line["visit_counts"] for line in network.lines(gyms(*months))}
    assert known == {UUID(int=1): None, UUID(int=2): None, UUID(int=3): [300]}
    assert [gym.value(VISITS) for gym in gyms(*months)] == [None, None, 3.0]


def test_the_size_of_a_small_gym_is_not_found_by_subtraction() -> None:
    """Neither by the members of all gyms, nor by a figure per member and the visits it was reckoned from."""
    found = network.lines(
        gyms(a_month(1, active_member_count=3), a_month(2, active_member_count=50), a_month(3, visit_count=500))
    )
    assert {line["gym_id"].int: line["member_count"] for line in found} == {1: None, 2: None, 3: 100}
    assert {line["gym_id"].int: line["visits"] for line in found} == {1: None, 2: None, 3: 5.0}


def test_a_benchmark_needs_gyms() -> None:
    """One gym is no network; quartiles of three would be the gyms themselves."""
    values = [a_month(number, visit_count=100 * number) for number in range(1, 6)]
    assert network.benchmark(gyms(values[0]), VISITS) is None
    assert network.benchmark(gyms(*values[:3]), VISITS) == network.Benchmark(2.0, None, 3)
    assert network.benchmark(gyms(*values), VISITS) == network.Benchmark(3.0, (2.0, 4.0), 5)


def test_the_change_is_against_the_month_before() -> None:
    """The one that rose most and the one that fell most; a gym without the month before is neither."""
    found = gyms(
        a_month(1, SEPTEMBER, visit_count=200), a_month(1),
        a_month(2, SEPTEMBER, visit_count=500), a_month(2),
        a_month(3),
    )  # fmt: skip
    assert [gym.change(VISITS) for gym in found] == [1.0, -0.2, None]
    assert (moved := network.extremes(found, VISITS)) and [gym.name for gym in moved] == ["Salle 1", "Salle 2"]
    assert network.extremes(found[1:], VISITS) is None


@pytest.mark.parametrize(
    ("highest", "lowest", "labels"),
    [
        (0.2, -0.1, ("Plus forte hausse sur un mois", "Plus forte baisse sur un mois")),
        (-0.06, -0.07, ("Plus faible baisse sur un mois", "Plus forte baisse sur un mois")),
        (0.3, 0.02, ("Plus forte hausse sur un mois", "Plus faible hausse sur un mois")),
        (0.001, -0.2, ("Stable sur un mois", "Plus forte baisse sur un mois")),
    ],
)
def test_a_fall_is_never_called_a_rise(highest: float, lowest: float, labels: tuple[str, str]) -> None:
    """Where all gyms fall, the first of them fell least; what rounds to nothing stood still."""
    found = network_board._change_label(highest, is_highest=True), network_board._change_label(lowest, is_highest=False)
    assert found == labels


def test_the_lines_are_by_visits_and_end_with_this_month() -> None:
    """The small bars stop at the month that is looked at."""
    november = date(2026, 11, 1)
    found = network.lines(
        gyms(a_month(1, SEPTEMBER, visit_count=7), a_month(1), a_month(1, november, visit_count=9),
             a_month(2, visit_count=900), a_month(3, november))
    )  # fmt: skip
    assert [line["gym_name"] for line in found] == ["Salle 2", "Salle 1", "Salle 3"]
    assert found[1]["visit_counts"] == [7, 400]


def script() -> None:
    """What Streamlit runs; imports inside, as the harness runs its text alone."""
    from dashboards.app_pages.franchise import network

    network.page()


@pytest.fixture
def records() -> MemoryRecords:
    return MemoryRecords({"marts_network.months": [a_month(1, SEPTEMBER), a_month(1), a_month(2, visit_count=90)]})


@pytest.fixture
def as_role(records: MemoryRecords, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The page for an owner, not run yet."""
    scope = Scope(user_id=uuid4(), role=UserRole.FRANCHISE_OWNER, full_name="Fanny Etcheverry")
    monkeypatch.setattr(access, "current_scope", lambda **_: scope)
    monkeypatch.setattr(access, "door", lambda: SimpleNamespace(records=records))
    yield AppTest.from_function(script, default_timeout=20)


def test_the_page_compares_the_month_that_is_over(as_role: AppTest, records: MemoryRecords) -> None:
    """The question covers six months up to the last whole one."""
    as_role.run()
    assert not as_role.exception
    question, values = records.asked[-1]
    month = values["until"]
    assert question == "marts_network.months"
    assert isinstance(month, date)
    assert month == costs.months(formats.network_day(datetime.now(UTC)))[1]
    assert [heading.value for heading in as_role.subheader] == [
        "Quelles salles s'écartent du réseau ?", "Toutes les salles, côte à côte",
    ]  # fmt: skip


def test_a_month_without_anything_says_so(as_role: AppTest, records: MemoryRecords) -> None:
    """An empty network is an answer."""
    records.answers.clear()
    as_role.run()
    assert [found.value for found in as_role.info] == ["Aucune activité dans ces salles ce mois-là."]


def test_a_gym_that_is_entered_is_the_sidebar_s_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next run of the sidebar chooses it, where the person sees it; a guessed one leaves every gym."""

    def sidebar() -> None:
        import streamlit as st

        from dashboards import access, context

        if "told" not in st.session_state:
            st.session_state["told"] = True
            context.enter(st.session_state["which"])
        context.place(access.current_scope())

    dax = uuid4()
    scope = Scope(user_id=uuid4(), role=UserRole.FRANCHISE_OWNER, full_name="Fanny Etcheverry")
    monkeypatch.setattr(access, "current_scope", lambda **_: scope)
    rows = MemoryRecords(
        {"context.gyms": [{"id": dax, "name": "Dax", "franchise_id": uuid4(), "franchise_name": "Gascogne"}]}
    )
    monkeypatch.setattr(access, "door", lambda: SimpleNamespace(records=rows))
    for which, chosen in ((dax, dax), (uuid4(), None)):
        page = AppTest.from_function(sidebar, default_timeout=20)
        page.session_state["which"] = which
        page.run()
        assert not page.exception
        assert page.selectbox[0].value == chosen
    assert context.gym_id() is None


def a_gym(**changes: object) -> dict[str, object]:
    return {
        "gym_id": UUID(int=1), "gym_name": "Dax", "franchise_name": None, "budget_usd": Decimal(10),
        "cheaper_share": Decimal("0.8"), **changes,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("budget", "a_day", "state"),
    [
        (None, "1", "Sans budget"),
        ("100", "1", "Tient"),
        ("25", "1", "Atteint vers le 25/11"),
        ("22", "1", "Atteint : écrit seulement"),
    ],
)
def test_a_budget_s_state_is_told_ahead(budget: str | None, a_day: str, state: str) -> None:
    """Held, to be reached on a day, or spent: then the kiosk writes."""
    today = date(2026, 11, 23)
    days = {today - timedelta(days=number): Decimal(a_day) for number in range(1, 60)}
    month = costs.month(date(2026, 11, 1), today=today)
    [line] = costs.gym_lines(
        month, {UUID(int=1): costs.GymDays(days, days)}, [a_gym(budget_usd=budget and Decimal(budget))], {},
        {UUID(int=1): Decimal("0.22")},
    )  # fmt: skip
    assert line["member_cost_usd"] == Decimal("0.22")
    assert line["state"] == state
    assert line["cost_usd"] == 22


def test_few_conversations_of_a_gym_are_not_found_by_subtraction() -> None:
    """Neither in the table of gyms beside their sum, nor by what one of them cost; franchises are read alike."""
    today = date(2026, 11, 23)
    names = {UUID(int=number): f"Salle {number}" for number in range(1, 5)}
    gyms = [
        a_gym(gym_id=gym_id, gym_name=name, franchise_name="A" if gym_id.int < 3 else "B")
        for gym_id, name in names.items()
    ]
    counts = dict(zip(names, (3, 20, 300, 400), strict=True))
    lines = costs.gym_lines(costs.month(date(2026, 11, 1), today=today), {}, gyms, counts, {})
    assert {line["gym_name"]: line["session_count"] for line in lines} == {
        "Salle 1": None, "Salle 2": None, "Salle 3": 300, "Salle 4": 400,
    }  # fmt: skip
    assert [line["session_cost_usd"] is None for line in lines if line["session_count"] is None] == [True, True]
    assert {line["franchise_name"]: line["session_count"] for line in costs.franchise_lines(lines, counts)} == {
        "A": 23, "B": 700,
    }  # fmt: skip


def test_a_month_is_compared_with_as_many_days() -> None:
    """November 23 against October 1 to 23; a month that is over against the whole one before."""
    today = date(2026, 11, 23)
    assert costs.month(date(2026, 11, 1), today=today).before == (OCTOBER, date(2026, 10, 23))
    over = costs.month(OCTOBER, today=today)
    assert (over.last, over.before) == (date(2026, 10, 31), (SEPTEMBER, date(2026, 9, 30)))
    assert spending.month_of(over.first) == (OCTOBER, over.last)


def test_every_part_of_a_bill_has_its_french() -> None:
    """The kinds and modalities the mart may hold."""
    assert {"audio", "text", "image", "cached", "transcription", "analysis"} == set(texts_fr.COST_PARTS)


def test_a_dear_conversation_has_its_own_gyms_day() -> None:
    """Half past midnight in Dax is the day before in UTC."""
    row = {
        "started_at": datetime(2026, 3, 12, 23, 30, tzinfo=UTC), "timezone": "Europe/Paris", "gym_name": "Dax",
        "duration_seconds": 65.0, "turn_count": 4, "close_reason": "idle", "cost_usd": Decimal("0.0412"),
    }  # fmt: skip
    assert costs_tables.dearest_line(row)["at"].replace("\u00a0", " ") == "13/03 0 h 30"


def test_the_table_of_budgets_says_whole_percentages(monkeypatch: pytest.MonkeyPatch) -> None:
    """« 88 % » and no hundredths of it; the file keeps what was reckoned."""
    drawn: list[dict[str, object]] = []

    def dataframe(lines: list[dict[str, object]], **_: object) -> SimpleNamespace:
        drawn.extend(lines)
        return SimpleNamespace(selection=SimpleNamespace(rows=[]))

    monkeypatch.setattr(costs_tables.st, "dataframe", dataframe)
    monkeypatch.setattr(costs_tables.exports, "place", lambda *_, **__: None)
    today = date(2026, 11, 23)
    spent = {date(2026, 11, 2): Decimal("8.818")}
    month = costs.month(date(2026, 11, 1), today=today)
    lines = costs.gym_lines(month, {UUID(int=1): costs.GymDays(spent, spent)}, [a_gym()], {}, {})
    scope = Scope(user_id=uuid4(), role=UserRole.FRANCHISE_OWNER, full_name="Fanny Etcheverry")
    costs_tables.place_gyms(scope, month, lines)
    assert (lines[0]["used_share"], drawn[0]["used_share"]) == (pytest.approx(0.8818), 0.88)

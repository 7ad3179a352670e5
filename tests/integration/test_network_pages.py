"""« Coûts » on built marts, run by Streamlit's own test harness: figures are the ledger's, each person's their own."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, LiteralString
from uuid import UUID

import pytest
from streamlit.testing.v1 import AppTest

from dashboards import access, costs_ledger, texts_fr
from dashboards.records import Records
from jarvis.tenancy import Scope, UserRole
from tests.conftest import Database
from tests.support.built_marts import NOW

TODAY, FIRST = NOW.date(), date(2026, 11, 1)

# The bills as the gateway and the analysis wrote them, whatever dbt makes of them.
LEDGER: LiteralString = """
    with talks as (
        select sessions.id, sessions.gym_id
        from public.openai_realtime_sessions as sessions
        inner join public.gyms on gyms.id = sessions.gym_id
        where sessions.state = 'closed'
            and (sessions.started_at at time zone gyms.timezone)::date between %(first)s and %(last)s
            and (%(gym)s::uuid is null or sessions.gym_id = %(gym)s)
            and (%(franchise)s::uuid is null or gyms.franchise_id = %(franchise)s)
    )
    select
        (select coalesce(sum(cost_usd), 0) from public.realtime_usage where session_id in (select id from talks))
        + (select coalesce(sum(cost_usd), 0) from public.conversation_summaries
           where session_id in (select id from talks)) as usd,
        (select count(*) from talks) as talks,
        (select count(distinct gym_id) from talks) as gyms
"""


@pytest.fixture
def run(records: Records, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Runs a script as somebody, a part of its page where one is named."""

    def as_person(script: Callable[[], None], scope: Scope, *, part: str | None = None, **state: Any) -> AppTest:
        monkeypatch.setattr(access, "current_scope", lambda **_: scope)
        monkeypatch.setattr(access, "door", lambda: SimpleNamespace(records=records))
        # A link needs a running app's menu; the browser tests follow it.
        monkeypatch.setattr("dashboards.navigation.link", lambda *_: None)
        page = AppTest.from_function(script, default_timeout=60)
        if part is not None:
            page.query_params["partie"] = part
        for key, value in state.items():
            page.session_state[key] = value
        page.run()
        assert not page.exception, page.exception
        return page

    return as_person


def november_costs() -> None:
    """The page's board on the day of the simulation; imports inside, as the harness runs its text alone."""
    from datetime import date

    from dashboards import access, costs, costs_board
    from tests.support.built_marts import NOW

    costs_board.place(
        access.current_scope(), costs.month(date(2026, 11, 1), today=NOW.date()), now=NOW
    )  # fmt: skip


def costs_page() -> None:
    """The page itself."""
    from dashboards.app_pages.franchise import costs

    costs.page()


def tile(page: AppTest, label: str) -> str:
    """What a figure shows."""
    return next(metric.value for metric in page.metric if metric.label == label)


def ledger(simulated: Database, **where: UUID | None) -> tuple[Decimal, int, int]:
    """US dollars, conversations and gyms of the month, of the bills themselves."""
    values = {"first": FIRST, "last": TODAY, "gym": None, "franchise": None, **where}
    with simulated.admin() as admin:
        found = admin.execute(LEDGER, values).fetchone()
    assert found is not None
    return found[0], found[1], found[2]


@pytest.mark.parametrize("role", [UserRole.SUPER_ADMIN, UserRole.FRANCHISE_OWNER])
def test_the_page_s_cost_is_the_ledger_s_to_the_cent(
    simulated: Database, run: Callable[..., AppTest], scope_of: Callable[[UserRole], Scope], role: UserRole
) -> None:
    """One sum by tile, by gym, by model, by part, and in the bills; an owner's is the franchise's."""
    scope = scope_of(role)
    usd, talks, gyms = ledger(simulated, franchise=scope.franchise_id)
    gyms_part = run(november_costs, scope, part="Salles")
    paid_part = run(november_costs, scope, part="Ce qui est payé")
    assert usd > Decimal("0.05")
    assert tile(gyms_part, "Coût du mois") == f"{usd:.2f}\u00a0$".replace(".", ",")
    lines = next(frame.value for frame in gyms_part.dataframe if "session_cost_usd" in frame.value)
    models = next(frame.value for frame in paid_part.dataframe if "audio_seconds" in frame.value)
    assert (round(lines["cost_usd"].sum(), 6), lines["session_count"].sum(), len(lines)) == (float(usd), talks, gyms)
    assert round(models["cost_usd"].sum(), 6) == float(usd)


def test_the_parts_are_the_whole(simulated: Database, records: Records, scope_of: Callable[[UserRole], Scope]) -> None:
    """Voice, text, cache, transcription and analysis add up, and what was read from the cache is told apart."""
    usd, *_ = ledger(simulated)
    rows = records.rows(
        scope_of(UserRole.SUPER_ADMIN), "marts_costs.parts", since=FIRST, until=TODAY, gym_id=None
    )  # fmt: skip
    parts = {row["part"]: row["cost_usd"] for row in rows if row["kind"] == "part"}
    assert sum(parts.values()) == sum(row["cost_usd"] for row in rows if row["kind"] == "model") == usd
    assert set(parts) <= set(texts_fr.COST_PARTS)
    with simulated.admin() as admin:
        cached = admin.execute("select sum(cached_text_tokens + cached_audio_tokens) from realtime_usage").fetchone()
    tokens = records.rows(
        scope_of(UserRole.SUPER_ADMIN), "marts_costs.parts", since=date(2020, 1, 1), until=TODAY, gym_id=None
    )  # fmt: skip
    assert cached is not None
    assert sum(row["token_count"] for row in tokens if row["part"] == "cached") == (cached[0] or 0)


@pytest.mark.parametrize("role", [UserRole.SUPER_ADMIN, UserRole.FRANCHISE_OWNER])
def test_a_part_a_model_and_a_gym_lead_to_the_lines_they_are_added_up_from(
    records: Records, scope_of: Callable[[UserRole], Scope], role: UserRole
) -> None:
    """Each figure is the sum of its lines, the one that is told with them too; a list that is cut tells of all."""
    scope, month = scope_of(role), {"since": FIRST, "until": TODAY, "gym_id": None}

    def lines(**chosen: list[Any]) -> list[Any]:
        asked = {"gym_ids": [], "models": [], "parts": [], "most": None, **month, **chosen}
        return list(records.rows(scope, "marts_costs.ledger", **asked))

    for row in records.rows(scope, "marts_costs.parts", **month):
        found = lines(**{f"{row['kind']}s": [row[row["kind"]]]})
        assert sum(line["cost_usd"] for line in found) == found[0]["chosen_usd"] == row["cost_usd"]
        assert sum(line["token_count"] for line in found) == row["token_count"]
    for row in records.rows(scope, "marts_costs.days", **month):
        found, voice = lines(gym_ids=[row["gym_id"]]), lines(gym_ids=[row["gym_id"]], parts=list(costs_ledger.VOICE))
        assert sum(line["cost_usd"] for line in found) == sum(row["costs_usd"])
        assert sum(line["cost_usd"] for line in voice) == sum(row["voice_costs_usd"])
    every, cut = lines(), lines(most=3)  # type: ignore[arg-type]
    assert len(cut) == 3 < len(every) == cut[0]["chosen_count"]
    assert cut[0]["chosen_usd"] == every[0]["chosen_usd"] == sum(line["cost_usd"] for line in every)


def test_a_gym_s_lines_are_read_at_the_click(
    run: Callable[..., AppTest], scope_of: Callable[[UserRole], Scope]
) -> None:  # fmt: skip
    """The page's first sight asks for no line; a part that is picked shows its own."""
    scope = scope_of(UserRole.SUPER_ADMIN)
    paid_part = "Ce qui est payé"
    page = run(november_costs, scope, part=paid_part)
    assert not [frame for frame in page.dataframe if "local_date" in frame.value]
    page = run(november_costs, scope, part=paid_part, **{"cost-part": "analysis"})
    [lines] = [frame.value for frame in page.dataframe if "local_date" in frame.value]
    assert set(lines["part"]) == {"Analyse"}


def test_each_person_s_costs_are_their_own(
    simulated: Database, records: Records, scope_of: Callable[[UserRole], Scope]
) -> None:
    """One question, four logins: all gyms, the franchise's, one, none; another's gym by its id gives nothing."""
    seen = {}
    for role in (UserRole.SUPER_ADMIN, UserRole.FRANCHISE_OWNER, UserRole.GYM_MANAGER):
        asked = {"since": FIRST, "until": TODAY}
        seen[role] = {row["gym_id"] for row in records.rows(scope_of(role), "marts_costs.days", gym_id=None, **asked)}
    owned, own = seen[UserRole.FRANCHISE_OWNER], seen[UserRole.GYM_MANAGER]
    assert [len(gyms) for gyms in seen.values()] == [4, 2, 1]
    assert own < seen[UserRole.SUPER_ADMIN] > owned
    foreign = next(iter(seen[UserRole.SUPER_ADMIN] - owned))
    for question in ("days", "dearest", "parts", "ledger"):
        found = records.rows(
            scope_of(UserRole.FRANCHISE_OWNER), f"marts_costs.{question}", gym_id=foreign, gym_ids=[foreign],
            models=[], parts=[], most=9, **asked,
        )  # fmt: skip
        assert list(found) == []
    nobody = Scope(user_id=UUID(int=1), role=UserRole.SUPER_ADMIN, full_name="Personne")
    assert list(records.rows(nobody, "marts_costs.days", gym_id=None, **asked)) == []


@pytest.mark.parametrize("role", [UserRole.GYM_MANAGER, UserRole.GYM_STAFF, UserRole.ANALYST])
def test_nobody_else_is_shown_what_gyms_cost(
    run: Callable[..., AppTest], scope_of: Callable[[UserRole], Scope], role: UserRole
) -> None:
    """Whoever guesses the address reads that the page is not theirs, and no figure."""
    page = run(costs_page, scope_of(role))
    assert [found.value for found in page.info] == [texts_fr.NO_PAGE]
    assert not page.metric
    assert not page.dataframe


def test_a_budget_is_set_where_the_database_allows_it(
    simulated: Database, records: Records, scope_of: Callable[[UserRole], Scope]
) -> None:
    """An owner limits their own gym, on record; another's is refused, and stays as it was."""
    owner = scope_of(UserRole.FRANCHISE_OWNER)
    own = records.rows(owner, "costs.gyms", gym_id=None)[0]["gym_id"]
    everywhere = records.rows(scope_of(UserRole.SUPER_ADMIN), "costs.gyms", gym_id=None)
    foreign = next(row["gym_id"] for row in everywhere if row["franchise_name"] != "x" and row["gym_id"] != own and not
                   records.rows(owner, "costs.gyms", gym_id=row["gym_id"]))  # fmt: skip
    given = {"is_given": True, "usd": Decimal("12.50"), "cheaper_share": Decimal("0.7")}
    try:
        kept = [records.row(owner, "network.change_voice_budget", id=gym, **given) for gym in (own, foreign)]
        assert [row["answer"] for row in kept if row] == [True, False]
        budgets = {
            row["gym_id"]: row["budget_usd"]
            for row in records.rows(scope_of(UserRole.SUPER_ADMIN), "costs.gyms", gym_id=None)
        }
        assert (budgets[own], budgets[foreign]) == (Decimal("12.50"), None)
        with simulated.admin() as admin:
            noted = admin.execute(
                "select actor_user_id from audit_log where action = 'voice_budget_changed' and subject_id = %s",
                [str(own)],
            ).fetchall()
        assert noted == [(owner.user_id,)]
    finally:
        with simulated.admin() as admin:
            admin.execute("update gyms set voice_budget_usd = null, voice_budget_cheaper_share = 0.8")


def november_side_by_side() -> None:
    """The network's board on the simulated month; imports inside, as the harness runs its text alone."""
    from datetime import date

    from dashboards import access, network, network_board
    from tests.support.built_marts import NOW

    network_board.place(
        access.current_scope(), month=date(2026, 11, 1), measure=network.MEASURES["visits"], now=NOW
    )  # fmt: skip


@pytest.mark.parametrize("role", [UserRole.SUPER_ADMIN, UserRole.FRANCHISE_OWNER])
def test_the_gyms_side_by_side_are_the_mart_s(
    simulated: Database, run: Callable[..., AppTest], scope_of: Callable[[UserRole], Scope], role: UserRole
) -> None:
    """Visits by member as the marts count both; an owner's gyms only."""
    scope = scope_of(role)
    with simulated.admin() as admin:
        expected = {
            name: round(visits / members, 1)
            for name, visits, members in admin.execute(
                "select gyms.gym_name, sum(visit_count)::float8, gyms.active_member_count from marts.fct_gym_daily "
                "join marts.dim_gyms as gyms using (gym_id) where local_date >= %s "
                "and (%s::uuid is null or franchise_id = %s) group by 1, 3",
                [FIRST, scope.franchise_id, scope.franchise_id],
            ).fetchall()
        }
    page = run(november_side_by_side, scope)
    frame = page.dataframe[0].value
    assert dict(zip(frame["gym_name"], frame["visits"], strict=True)) == expected
    assert len(expected) == (4 if role is UserRole.SUPER_ADMIN else 2)


def network_page() -> None:
    """The page itself."""
    from dashboards.app_pages.franchise import network

    network.page()


@pytest.mark.parametrize("role", [UserRole.GYM_MANAGER, UserRole.GYM_STAFF, UserRole.ANALYST])
def test_whoever_has_one_gym_has_nothing_to_compare(
    run: Callable[..., AppTest], scope_of: Callable[[UserRole], Scope], role: UserRole
) -> None:
    """A guessed address says that the page is not theirs."""
    page = run(network_page, scope_of(role))
    assert [found.value for found in page.info] == [texts_fr.NO_PAGE]
    assert not page.dataframe

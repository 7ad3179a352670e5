"""« Analyses » on built marts, run by Streamlit's own test harness: figures are the marts', each person's their own."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, LiteralString
from uuid import UUID

import pytest

from dashboards import access, trend_choices
from dashboards.periods import PERIODS
from dashboards.records import Records
from dashboards.trends import Look, Trend
from jarvis import small_numbers
from jarvis.tenancy import Scope, UserRole
from tests.conftest import Database
from tests.support.built_marts import NOW

SPAN = PERIODS["4s"].span(today=NOW.date())

# What the page should say, of the gyms that a person sees, asked past row security.
DIRECT: LiteralString = """
    select
        (select sum(visit_count) from marts.fct_gym_daily
            where gym_id = any (%(gyms)s) and local_date between %(first)s and %(last)s) as visits,
        (select sum(visit_count) from marts.fct_visits_hourly
            where gym_id = any (%(gyms)s) and local_date between %(first)s and %(last)s) as hourly_visits,
        (select count(*) from marts.fct_sessions
            where gym_id = any (%(gyms)s) and local_date between %(first)s and %(last)s) as talks,
        (select count(*) from marts.fct_sessions where gym_id = any (%(gyms)s) and outcome = 'solved'
            and analysis_status = 'completed' and local_date between %(first)s and %(last)s) as solved,
        (select sum(session_count) from marts.fct_topics_daily where gym_id = any (%(gyms)s)
            and topic = 'showers_lockers' and local_date between %(first)s and %(last)s) as showers,
        (select coalesce(sum(cost_usd), 0)::double precision from marts.fct_costs_daily
            where gym_id = any (%(gyms)s) and local_date between %(first)s and %(last)s) as usd
"""


@pytest.fixture
def trends_of(
    records: Records, scope_of: Callable[[UserRole], Scope], simulated: Database, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """The page's trends on the day of the simulation for somebody of a role, and the gyms that are theirs."""

    def found(role: UserRole, gym_id: UUID | None = None) -> tuple[dict[str, Trend], list[UUID]]:
        scope = scope_of(role)
        with simulated.admin() as admin:
            gyms = admin.execute(
                "select id from gyms where (%(gym)s::uuid is null or id = %(gym)s) "
                "and (%(franchise)s::uuid is null or franchise_id = %(franchise)s)",
                {"gym": scope.gym_id, "franchise": scope.franchise_id},
            ).fetchall()
        monkeypatch.setattr(access, "door", lambda: SimpleNamespace(records=records))
        record = records.row(scope, "marts_trends.record", gym_id=gym_id)
        look = Look(period=PERIODS["4s"], span=SPAN, record=record)
        parts = [trend_choices.answers(scope, look, part, gym_id=gym_id) for part in trend_choices.PARTS]
        return {trend.key: trend for part in parts for trend in part}, [gym[0] for gym in gyms]

    return found


def total(trend: Trend, column: str) -> float:
    """What a column of the table adds up to."""
    return sum(row[column] or 0 for row in trend.rows)


@pytest.mark.parametrize(
    "role", [UserRole.SUPER_ADMIN, UserRole.FRANCHISE_OWNER, UserRole.GYM_MANAGER, UserRole.GYM_STAFF]
)
def test_each_person_reads_what_the_marts_hold_of_their_gyms(
    trends_of: Callable[..., Any], simulated: Database, role: UserRole
) -> None:
    """Four logins, four result sets, to the last visit and cent."""
    trends, gyms = trends_of(role)
    with simulated.admin() as admin:
        row = admin.execute(DIRECT, {"gyms": gyms, "first": SPAN.first, "last": SPAN.last}).fetchone()
    assert row is not None
    visits, hourly, talks, solved, showers, usd = row
    assert visits == hourly > 0
    assert total(trends["passages"], "visit_count") == visits
    weeks = SPAN.days / 7
    cells = [row[str(day)] for row in trends["heures"].rows for day in range(1, 8)]
    # The table rounds each of its cells to a tenth; who compares gyms is not told of fewer than five visits in one.
    of_few = (small_numbers.LEAST - 1) * cells.count(None)
    assert bool(of_few) == (role in (UserRole.SUPER_ADMIN, UserRole.FRANCHISE_OWNER))
    told = weeks * sum(cell for cell in cells if cell is not None)
    assert visits - of_few - 0.05 * weeks * 7 * 24 <= told <= visits + 0.05 * weeks * 7 * 24
    assert total(trends["couts"], "session_count") == talks
    assert total(trends["couts"], "total") == pytest.approx(usd)
    assert total(trends["issues"], "solved_count") == solved
    topics = {row["topic"]: row["session_count"] for row in trends["sujets"].rows}
    assert topics.get("showers_lockers", 0) == showers


def test_a_choice_of_gym_narrows_and_widens_nothing(trends_of: Callable[..., Any], simulated: Database) -> None:
    """An owner picks among their gyms; a manager who names a stranger's gym is answered with nothing."""
    everything, gyms = trends_of(UserRole.FRANCHISE_OWNER)
    one, _ = trends_of(UserRole.FRANCHISE_OWNER, gyms[0])
    assert 0 < total(one["passages"], "visit_count") <= total(everything["passages"], "visit_count")
    _, own = trends_of(UserRole.GYM_MANAGER)
    with simulated.admin() as admin:
        stranger = admin.execute("select id from gyms where id <> all (%s) limit 1", [own]).fetchone()
    assert stranger is not None
    nothing, _ = trends_of(UserRole.GYM_MANAGER, stranger[0])
    assert total(nothing["passages"], "visit_count") == 0
    assert nothing["sujets"].rows == []


def test_whoever_compares_gyms_is_told_nothing_of_a_handful(records: Records, simulated: Database) -> None:
    """A topic of four members has no figures at the owner's desk, and has them at its own gym's."""
    with simulated.admin() as admin:
        owner = admin.execute("select id from users where role = 'franchise_owner' order by email limit 1").fetchone()
    assert owner is not None
    scope = Scope(user_id=owner[0], role=UserRole.FRANCHISE_OWNER, full_name="Camille Durand")
    asked = {"gym_id": None, "first": SPAN.first, "before": SPAN.before.first, "last": SPAN.last}
    (told,) = [row for row in records.rows(scope, "marts_trends.topics", **asked, least=0) if row["is_now"]]
    rows = records.rows(scope, "marts_trends.topics", **asked, least=small_numbers.LEAST)
    assert all(row["session_count"] is not None for row in rows if not row["is_suppressed"])
    (hidden,) = [row for row in records.rows(scope, "marts_trends.topics", **asked, least=100_000) if row["is_now"]]
    assert told["session_count"] > 0
    assert (hidden["is_suppressed"], hidden["session_count"], hidden["negative_count"]) == (True, None, None)
    whole = {"gym_id": None, "first": SPAN.first, "last": SPAN.last}
    every = [row["visit_count"] for row in records.rows(scope, "marts_trends.hours", **whole, least=0)]
    hours = [
        row["visit_count"] for row in records.rows(scope, "marts_trends.hours", **whole, least=small_numbers.LEAST)
    ]
    assert 1 <= min(every) <= 4
    assert hours == [None if 1 <= count <= 4 else count for count in every]
    endings = records.rows(scope, "marts_trends.endings", **asked, least=100_000, part_days=7)
    assert {row["solved_count"] for row in endings} == {None}


def test_nobody_reads_nothing(records: Records) -> None:
    """An identity that is nobody's has no figures: the database decides, not the page."""
    nobody = Scope(user_id=UUID(int=1), role=UserRole.SUPER_ADMIN, full_name="Personne")
    days = {"first": SPAN.first, "last": SPAN.last, "year_first": SPAN.first, "year_last": SPAN.last}
    assert records.rows(nobody, "marts_trends.days", gym_id=None, **days) == []

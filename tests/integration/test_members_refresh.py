"""Every member's analytics, from zero and by increments: the same rows whatever came when, and of the gym's own day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest
from dagster import DagsterInstance
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from psycopg import Connection

from orchestration.batches import count_members, refresh_members
from orchestration.live import build_defs
from tests.conftest import Database
from tests.support.live_in_process import WarehouseAt
from warehouse.stores import members

NOW = datetime(2026, 6, 15, 10, tzinfo=UTC)
SPACE = UUID("5d2b6d2e-6a0e-4f39-b6b1-1f2f6c5d1a77")
MEMBERS = ("ada", "ben", "cleo")


@dataclass(frozen=True)
class Happening:
    """One thing that arrives in the database; its own id, so that the same history has the same rows."""

    kind: str
    number: int
    member: str
    hours_ago: int
    value: float
    """-1 to 1: a score; and what else the kind makes of it."""

    @property
    def id(self) -> UUID:
        return made_id(f"{self.kind}/{self.number}")

    @property
    def moment(self) -> datetime:
        return NOW - timedelta(hours=self.hours_ago)


def made_id(name: str) -> UUID:
    """The same id for the same name."""
    return uuid5(SPACE, name)


def make_gym(admin: Connection, *, timezone: str = "Europe/Paris", school_zone: str | None = "A") -> None:
    """One gym with a kiosk and three members, who joined at different times."""
    admin.execute(
        "insert into gyms (id, slug, name, timezone, school_zone) values (%s, 'dax', 'Dax', %s, %s)",
        [made_id("gym"), timezone, school_zone],
    )
    admin.execute(
        "insert into kiosks (id, gym_id, slug, name) values (%s, %s, 'accueil', 'Accueil')",
        [made_id("kiosk"), made_id("gym")],
    )
    for member, days in zip(MEMBERS, (700, 60, 12), strict=True):
        admin.execute(
            "insert into gym_members_v2 (id, gym_id, member_since) values (%s, %s, %s)",
            [made_id(member), made_id("gym"), NOW.date() - timedelta(days=days)],
        )


def happen(admin: Connection, one: Happening) -> None:
    """The happening is in the database; a second time changes nothing."""
    values = {
        "id": one.id, "gym": made_id("gym"), "kiosk": made_id("kiosk"), "member": made_id(one.member),
        "moment": one.moment, "day": one.moment.date(), "score": round(one.value, 2),
        "label": "negative" if one.value < -0.3 else "positive" if one.value > 0.3 else "neutral",
        "ended": one.moment + timedelta(seconds=30 + one.number), "length": abs(round(one.value * 20)),
    }  # fmt: skip
    for statement in STATEMENTS[one.kind]:
        admin.execute(statement, values)


SESSION = (
    "insert into openai_realtime_sessions (id, gym_id, kiosk_id, member_id, badge_outcome, has_analysis_consent, "
    "started_at, ended_at, state, close_reason) "
    "values (%(id)s, %(gym)s, %(kiosk)s, %(member)s, 'known', {consent}, %(moment)s, %(ended)s, 'closed', "
    "'member_left') on conflict do nothing"
)
ANALYSED = (
    "update conversation_summaries set status = 'completed', sentiment_score = %(score)s, sentiment_label = %(label)s, "
    "summary_text = 'x', key_topics = '{other}', emotion_detected = 'neutral', intents_detected = '{other}', "
    "outcome = 'solved', embedding = array_fill(0.1, array[1536])::vector, embedding_model = 'x', engine = 'local', "
    "engine_version = '1', analysed_at = clock_timestamp(), counted_at = null "
    "where session_id = %(id)s and status = 'pending'"
)
STATEMENTS = {
    "visit": (
        "insert into member_visits (id, gym_id, member_id, visited_at) "
        "values (%(id)s, %(gym)s, %(member)s, %(moment)s) on conflict do nothing",
    ),
    "talk": (SESSION.format(consent="true"), ANALYSED),
    "talk_without_consent": (SESSION.format(consent="false"),),
    "talk_given_up": (
        SESSION.format(consent="true"),
        "update conversation_summaries set status = 'parked', last_error = 'x' "
        "where session_id = %(id)s and status = 'pending'",
    ),
    "talk_erased": (
        SESSION.format(consent="true"),
        ANALYSED,
        "delete from openai_realtime_sessions where id = %(id)s",
    ),
    # What a person says of a label stands over the engine's, also when the session is analysed again after it.
    "talk_corrected": (
        SESSION.format(consent="true"),
        ANALYSED,
        "insert into label_corrections "
        "(gym_id, session_id, field, engine, engine_version, engine_value, corrected_value) "
        "values (%(gym)s, %(id)s, 'sentiment_label', 'local', '1', array[%(label)s::text], array['positive'])",
        "update conversation_summaries set sentiment_label = %(label)s, sentiment_score = %(score)s, "
        "analysed_at = clock_timestamp(), counted_at = null where session_id = %(id)s",
    ),
    "absence": (
        "insert into member_absences (id, gym_id, member_id, starts_on, ends_on, reason, source) "
        "values (%(id)s, %(gym)s, %(member)s, %(day)s, "
        "case when %(score)s > -0.5 then %(day)s::date + %(length)s::integer end, 'holiday', 'member') "
        "on conflict do nothing",
    ),
    "pause": (
        "insert into memberships "
        "(id, gym_id, member_id, plan, status, started_on, expires_on, frozen_from, frozen_until) "
        "values (%(id)s, %(gym)s, %(member)s, 'annuel', 'active', '2025-01-01', '2027-01-01', %(day)s, "
        "%(day)s::date + %(length)s::integer) on conflict do nothing",
    ),
    "closure": (
        "insert into gym_closures (id, gym_id, starts_on, ends_on, reason) "
        "values (%(id)s, %(gym)s, %(day)s, %(day)s::date + %(length)s::integer, 'Travaux') on conflict do nothing",
    ),
}

HOURS = st.one_of(st.integers(0, 40 * 24), st.integers(0, 600 * 24))


@st.composite
def histories(draw: st.DrawFn) -> list[Happening]:
    """Up to forty happenings of three members, most of them visits and conversations."""
    kinds = draw(st.lists(st.sampled_from(["visit"] * 6 + ["talk"] * 3 + list(STATEMENTS)), max_size=40))
    return [
        Happening(kind, number, draw(st.sampled_from(MEMBERS)), draw(HOURS), draw(st.floats(-1, 1)))
        for number, kind in enumerate(kinds)
    ]


def rows(admin: Connection) -> list[tuple[Any, ...]]:
    """All analytics, without the moment they were written."""
    return admin.execute(
        "select (to_jsonb(analytics) - 'updated_at')::text from member_analytics as analytics order by member_id"
    ).fetchall()


def emptied(admin: Connection) -> None:
    """No gym, member or analytics is left."""
    admin.execute("delete from gyms")


# Each example is three networks in a real database: no time to look for the smallest that fails.
@settings(
    max_examples=12,
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(histories(), st.data())
def test_from_zero_and_by_increments_give_the_same_rows(
    database: Database, history: list[Happening], data: st.DataObject
) -> None:
    """Any history, in any order of arrival, counted at any moments in between, ends in the rows of a full recount."""
    order = data.draw(st.permutations(history))
    counted_after = data.draw(st.sets(st.integers(0, max(0, len(history) - 1)), max_size=4))
    last = [Happening("talk", 100 + number, member, 3, 0.1) for number, member in enumerate(MEMBERS)]
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        emptied(admin)
        make_gym(admin)
        for number, one in enumerate(history):
            happen(admin, one)
            if number in counted_after:
                assert not count_members(pipeline, now=NOW - timedelta(hours=one.hours_ago)).refused
        # One more word of each: then increments alone must have every member right.
        for one in last:
            happen(admin, one)
        assert not count_members(pipeline, now=NOW).refused
        by_increments = rows(admin)

        admin.execute("delete from member_analytics")
        assert not refresh_members(pipeline, now=NOW).refused
        from_zero = rows(admin)
        assert not refresh_members(pipeline, now=NOW).refused
        again = rows(admin)

        emptied(admin)
        make_gym(admin)
        for one in (*last, *order):
            happen(admin, one)
        refresh_members(pipeline, now=NOW)
        shuffled = rows(admin)
    assert len(from_zero) == len(MEMBERS)
    assert by_increments == from_zero == again == shuffled


def observed(admin: Connection, columns: str, member: str = "ada") -> tuple[Any, ...]:
    """These columns of one member's row."""
    query = f"select {columns} from member_analytics where member_id = %s"  # noqa: S608
    row = admin.execute(query, [made_id(member)]).fetchone()
    assert row is not None
    return row


def visit(admin: Connection, *moments: datetime, member: str = "ada") -> None:
    """The member badged at these moments."""
    for moment in moments:
        admin.execute(
            "insert into member_visits (gym_id, member_id, visited_at) values (%s, %s, %s)",
            [made_id("gym"), made_id(member), moment],
        )


def test_the_night_refreshes_who_badged_without_a_word_and_who_stayed_away(database: Database) -> None:
    """Both have a row of today; a day later the days have gone on."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        make_gym(admin)
        visit(admin, NOW - timedelta(days=200), NOW - timedelta(days=3))
        report = refresh_members(pipeline, now=NOW)
        assert (report.gyms, report.recomputed, report.refused) == (1, 3, {})
        assert observed(admin, "days_since_last_visit, observed_on") == (3, NOW.date())
        assert observed(admin, "days_since_last_visit, visit_trend, is_new", "ben") == (None, "absent", False)
        assert observed(admin, "engagement_score, visit_trend, is_new", "cleo") == (None, None, True)
        refresh_members(pipeline, now=NOW + timedelta(days=1))
        assert observed(admin, "days_since_last_visit") == (4,)
        assert observed(admin, "is_new", "cleo") == (True,)
        refresh_members(pipeline, now=NOW + timedelta(days=9))
        assert observed(admin, "is_new, visit_trend", "cleo") == (False, "absent")


def test_a_corrected_label_counts_as_corrected(database: Database) -> None:
    """A complaint that a person called praise is counted as praise, by increments and in the night."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        make_gym(admin)
        happen(admin, Happening("talk", 0, "ada", 50, -0.9))
        happen(admin, Happening("talk_corrected", 1, "ada", 40, -0.9))
        count_members(pipeline, now=NOW)
        counts = "negative_sentiment_count, positive_sentiment_count, avg_sentiment_score::float"
        assert observed(admin, counts) == (1, 1, -0.15)
        refresh_members(pipeline, now=NOW)
        assert observed(admin, counts) == (1, 1, -0.15)


def test_a_row_that_is_refused_leaves_its_neighbours_alone(database: Database) -> None:
    """The others are refreshed, and the one is named with its constraint."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        make_gym(admin)
        admin.execute(f"alter table member_analytics add constraint not_ben check (member_id <> '{made_id('ben')}')")
        report = refresh_members(pipeline, now=NOW)
        assert report.recomputed == 2
        assert report.refused == {made_id("ben"): "refused by the database: not_ben"}
        assert admin.execute("select count(*) from member_analytics").fetchone() == (2,)


@pytest.mark.parametrize(
    ("timezone", "now", "today"),
    [
        ("Europe/Paris", "2026-03-28T22:59:00Z", date(2026, 3, 28)),
        ("Europe/Paris", "2026-03-28T23:00:00Z", date(2026, 3, 29)),
        ("Europe/Paris", "2026-03-29T21:59:00Z", date(2026, 3, 29)),
        ("Europe/Paris", "2026-03-29T22:00:00Z", date(2026, 3, 30)),
        ("Europe/Paris", "2026-10-24T22:00:00Z", date(2026, 10, 25)),
        ("Europe/Paris", "2026-10-25T22:59:00Z", date(2026, 10, 25)),
        ("Europe/Paris", "2026-10-25T23:00:00Z", date(2026, 10, 26)),
        ("Indian/Reunion", "2026-10-25T19:59:00Z", date(2026, 10, 25)),
        ("Indian/Reunion", "2026-10-25T20:00:00Z", date(2026, 10, 26)),
        ("America/Martinique", "2026-03-29T03:59:00Z", date(2026, 3, 28)),
        ("America/Martinique", "2026-03-29T04:00:00Z", date(2026, 3, 29)),
    ],
)
def test_a_day_is_the_gyms_own_through_both_clock_changes(
    database: Database, timezone: str, now: str, today: date
) -> None:
    """The day of 23 hours and that of 25 begin at the gym's midnight; overseas begins at its own."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        make_gym(admin, timezone=timezone)
        refresh_members(pipeline, now=datetime.fromisoformat(now))
        assert observed(admin, "observed_on") == (today,)


def test_days_before_the_gyms_first_visit_on_record_are_nobodys_absence(database: Database) -> None:
    """Without a record nobody is missed or measured; five days of one are not enough to miss anybody, nine are."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        make_gym(admin)
        refresh_members(pipeline, now=NOW)
        assert observed(admin, "visit_trend, engagement_score", "ben") == ("steady", None)
        visit(admin, NOW - timedelta(days=5))
        refresh_members(pipeline, now=NOW)
        assert observed(admin, "visit_trend, usual_visits_per_week", "ben") == ("steady", None)
        refresh_members(pipeline, now=NOW + timedelta(days=4))
        assert observed(admin, "visit_trend", "ben") == ("absent",)


@pytest.mark.parametrize(
    ("moments", "days"),
    [
        # 23:30 and 00:30 in Paris, half an hour before and after midnight, the night the clocks go forward.
        (("2026-03-28T22:30:00Z", "2026-03-28T23:30:00Z"), 2),
        # 01:30 and 03:30: one hour apart.
        (("2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"), 1),
        # 02:30 and again 02:30, the night they go back.
        (("2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"), 1),
        (("2026-10-24T21:30:00Z", "2026-10-24T22:30:00Z"), 2),
        # The whole of a day of 25 hours.
        (("2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z"), 1),
    ],
)
def test_visits_around_a_clock_change_fall_on_the_gyms_days(
    database: Database, moments: Sequence[str], days: int
) -> None:
    """Two visits of one night are one day or two by the gym's midnight, not by UTC's."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        make_gym(admin)
        visit(admin, *map(datetime.fromisoformat, moments))
        # The gym's visits are on record since long before.
        visit(admin, datetime.fromisoformat(moments[0]) - timedelta(days=99), member="ben")
        refresh_members(pipeline, now=datetime.fromisoformat(moments[-1]) + timedelta(days=1))
        assert observed(admin, "visit_frequency_per_week * 4") == (days,)


def test_absences_pauses_closures_and_holidays_reach_the_row(database: Database) -> None:
    """Each as the strongest of its day, with the end that is known."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        make_gym(admin)
        gym, ada = made_id("gym"), made_id("ada")
        visit(admin, NOW - timedelta(days=22))

        def mute() -> tuple[Any, ...]:
            refresh_members(pipeline, now=NOW)
            return observed(admin, "mute_reason, muted_until, counted_days_since_last_visit")

        assert mute() == (None, None, 21), "Whit Monday does not count"
        admin.execute("insert into gym_closures values (default, %s, '2026-06-14', '2026-06-16', 'Travaux')", [gym])
        assert mute() == ("closure", date(2026, 6, 16), 19)
        admin.execute(
            "insert into memberships (gym_id, member_id, plan, status, started_on, expires_on, frozen_from) "
            "values (%s, %s, 'annuel', 'frozen', '2025-01-01', '2027-01-01', '2026-06-10')",
            [gym, ada],
        )
        assert mute() == ("frozen", None, 15)
        admin.execute("update memberships set frozen_until = '2026-06-30'")
        assert mute() == ("frozen", date(2026, 6, 30), 15)
        admin.execute(
            "insert into member_absences (gym_id, member_id, starts_on, ends_on, reason, source) "
            "values (%s, %s, '2026-06-01', '2026-07-03', 'travel', 'member')",
            [gym, ada],
        )
        # Then zone A's summer begins.
        assert mute() == ("absence", date(2026, 8, 31), 6)


@pytest.mark.parametrize("school_zone", ["A", None])
def test_a_pause_without_a_first_day_counts_from_the_contract(database: Database, school_zone: str | None) -> None:
    """An import that only says frozen."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        make_gym(admin, school_zone=school_zone)
        admin.execute(
            "insert into memberships (gym_id, member_id, plan, status, started_on, expires_on) "
            "values (%s, %s, 'annuel', 'frozen', '2025-01-01', '2027-01-01')",
            [made_id("gym"), made_id("ada")],
        )
        visit(admin, NOW - timedelta(days=50))
        refresh_members(pipeline, now=NOW)
        assert observed(admin, "mute_reason, counted_days_since_last_visit, visit_trend") == ("frozen", 0, "steady")


def test_the_churn_columns_stay_through_the_night(database: Database) -> None:
    """They belong to another stage."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        make_gym(admin)
        admin.execute(
            "insert into member_analytics (member_id, gym_id, churn_risk_score, churn_risk_level) "
            "values (%s, %s, 0.9, 'critical')",
            [made_id("ada"), made_id("gym")],
        )
        refresh_members(pipeline, now=NOW)
        assert observed(admin, "churn_risk_level, observed_on") == ("critical", NOW.date())


def test_the_nightly_job_leaves_no_member_stale_and_may_run_twice(database: Database) -> None:
    """The job commits, reports, and the check that looks for stale rows is content."""
    definitions = build_defs(resource_overrides={"warehouse": WarehouseAt(address=database.url_for("pipeline"))})
    with (
        database.admin() as admin,
        database.connect("pipeline") as pipeline,
        DagsterInstance.ephemeral() as instance,
    ):
        make_gym(admin)
        admin.execute("update gym_members_v2 set created_at = now() - interval '3 days'")
        assert members.count_analytics_stale(pipeline) == 3
        pipeline.commit()
        for _ in range(2):
            result = definitions.resolve_job_def("refresh_members").execute_in_process(instance=instance)
            (event,) = result.get_asset_materialization_events()
            assert (event.materialization.metadata["members"].value, event.materialization.metadata["gyms"].value) == (
                3,
                1,
            )
            assert admin.execute("select count(*) from member_analytics").fetchone() == (3,)
        assert members.count_analytics_stale(pipeline) == 0

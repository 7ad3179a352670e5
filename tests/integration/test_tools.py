"""Tools against a real database: who may what, races for the last place, calls that come back, alerts that appear."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, LiteralString, TypeVar
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import AsyncConnection
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from jarvis.consents import NOTICE_VERSION
from jarvis.requests import RequestKind
from orchestration.batches import raise_alerts
from tests.conftest import Database
from tests.support.gateway_processes import GatewayProcess, Network, wait_until
from tests.tenants import PERSON, made_id, plant
from voice_gateway.kiosk.commands import talk
from voice_gateway.tools.analysis_consent import SetAnalysisConsent
from voice_gateway.tools.runner import ToolContext, run_audited, run_once, toolbox
from voice_gateway.tools.spoken_fr import DAYS_FR
from warehouse.connection import as_user
from warehouse.stores.classes import book_class
from warehouse.stores.sessions import (
    Record,
    Scope,
    claim_tool_call,
    decode_record,
    encode_record,
    finish_tool_call,
    write_records,
)

Pool = AsyncConnectionPool[AsyncConnection]
Answer = TypeVar("Answer")
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAX, KIOSK = made_id("gym", "dax"), made_id("kiosk", "dax")


class Dax:
    """The gym of Dax with members who stand at its kiosk, each in an open session."""

    def __init__(self, database: Database) -> None:
        self.database = database
        with database.admin() as admin:
            plant(admin)

    def rows(self, query: LiteralString, *parameters: object) -> list[dict[str, Any]]:
        """Rows as the administrator sees them."""
        with psycopg.connect(self.database.url_for("admin"), row_factory=dict_row) as connection:
            return connection.execute(query, parameters).fetchall()

    def write(self, statement: str, *parameters: object) -> None:
        """Something happened that is no tool's work."""
        with self.database.admin() as admin:
            admin.execute(statement.encode(), parameters)

    def session(self, member_id: UUID | None = None, *, outcome: str | None = "known", gym: str = "dax") -> UUID:
        """An open session; of a new member of Dax unless told otherwise."""
        session_id = uuid4()
        if outcome in ("known", "inactive") and member_id is None:
            member_id = uuid4()
            self.write(
                "insert into gym_members_v2 (id, gym_id, badge_id, first_name) values (%s, %s, %s, 'Léa')",
                member_id, made_id("gym", gym), member_id.hex,
            )  # fmt: skip
        self.write(
            "insert into openai_realtime_sessions (id, gym_id, kiosk_id, member_id, badge_outcome, lease_until) "
            "values (%s, %s, %s, %s, %s, now() + interval '1 hour')",
            session_id, made_id("gym", gym), made_id("kiosk", gym), member_id, outcome,
        )  # fmt: skip
        return session_id

    def course(
        self, name: str = "Boxe", *, capacity: int = 1, waiting: int = 0, at: str = "12:00"
    ) -> tuple[UUID, date]:
        """A class two days from now, and its date."""
        class_id, day = uuid4(), (datetime.now(UTC) + timedelta(days=2)).date()
        self.write(
            "insert into gym_classes "
            "(id, gym_id, name, weekday, starts_at, duration_minutes, capacity, waiting_places) "
            "values (%s, %s, %s, %s, %s, 60, %s, %s)",
            class_id, DAX, name, day.isoweekday(), at, capacity, waiting,
        )  # fmt: skip
        return class_id, day

    def with_pool(self, work: Callable[[Pool], Awaitable[Answer]]) -> Answer:
        """The work's answer, done with the gateway's login."""

        async def run() -> Answer:
            async with AsyncConnectionPool(self.database.url_for("gateway"), min_size=4, max_size=8) as pool:
                return await work(pool)

        return asyncio.run(run())

    def use(self, tool: str, session_id: UUID, arguments: Mapping[str, Any], *, call_id: str = "call_1") -> Any:
        """What the tool answers, audited as for a caller without a voice session."""

        async def work(pool: Pool) -> Any:
            async def commit(records: Sequence[Record]) -> None:
                async with pool.connection() as connection:
                    await write_records(connection, records)

            context = ToolContext(KIOSK, session_id, pool, call_id)
            return await run_audited(
                toolbox(), tool, arguments, context, gym_id=DAX, commit=commit, clock=lambda: datetime.now(UTC)
            )

        return self.with_pool(work)

    def book_at_once(self, *sessions: UUID, class_id: UUID, day: date) -> list[str]:
        """What each session hears that asks for a place in the same moment."""

        async def work(pool: Pool) -> list[str]:
            start = asyncio.Barrier(len(sessions))

            async def one(session_id: UUID) -> str:
                async with pool.connection() as connection:
                    await start.wait()
                    outcome = await book_class(
                        connection, kiosk_id=KIOSK, session_id=session_id, class_id=class_id, class_date=day
                    )
                    return outcome.outcome

            return sorted(await asyncio.gather(*map(one, sessions)))

        return self.with_pool(work)


@pytest.fixture
def dax(database: Database) -> Dax:
    """The tenants of `tests/tenants.py`, of whom Dax is at work."""
    return Dax(database)


@pytest.mark.parametrize(
    ("capacity", "waiting", "heard"),
    [
        (1, 0, ["booked", "full", "full", "full"]),
        (1, 1, ["booked", "full", "full", "waiting"]),
        (3, 0, ["booked", "booked", "booked", "full"]),
    ],
)
def test_the_last_place_is_given_once(dax: Dax, capacity: int, waiting: int, heard: list[str]) -> None:
    """Four kiosks want it in the same moment: as many get one as there are."""
    class_id, day = dax.course(capacity=capacity, waiting=waiting)
    assert dax.book_at_once(*(dax.session() for _ in range(4)), class_id=class_id, day=day) == heard
    taken = dax.rows("select from class_bookings where class_id = %s and status = 'booked'", class_id)
    assert len(taken) == capacity


def test_a_member_has_one_place_however_often_it_is_asked_for(dax: Dax) -> None:
    """Two sessions of one member at once, and again later."""
    class_id, day = dax.course(capacity=5)
    first = dax.session()
    (row,) = dax.rows("select member_id from openai_realtime_sessions where id = %s", first)
    second = dax.session(row["member_id"])
    assert dax.book_at_once(first, second, class_id=class_id, day=day) == ["already", "booked"]
    assert "déjà inscrit" in dax.use("book_class", first, {"course": "boxe"}).output["spoken"]
    assert len(dax.rows("select from class_bookings where class_id = %s", class_id)) == 1


def test_two_classes_at_one_hour_are_refused(dax: Dax) -> None:
    """Nobody is in two rooms at once; an hour later is no overlap."""
    dax.course("Boxe", at="12:00")
    dax.course("Step", at="12:30")
    dax.course("Pilates", at="13:00")
    session = dax.session()
    answers = [
        dax.use("book_class", session, {"course": course}, call_id=course) for course in ("Boxe", "Step", "Pilates")
    ]
    assert [answer.output["ok"] for answer in answers] == [True, False, True]
    assert answers[1].output["reason"] == "overlaps"


def test_a_closed_gym_offers_nothing_that_day(dax: Dax) -> None:
    """Neither its hours nor its classes, whatever the week says; who has a place already can give it back."""
    _, day = dax.course(capacity=5)
    dax.write("update gyms set opening_hours = %s::jsonb", json.dumps({name: ["06:00", "22:00"] for name in WEEK}))
    holder, other, named = dax.session(), dax.session(), {"day": DAYS_FR[day.weekday()]}
    assert dax.use("book_class", holder, {"course": "boxe"}).output["ok"]
    dax.write(
        "insert into gym_closures (gym_id, starts_on, ends_on, reason) values (%s, %s, %s, 'Travaux')",
        made_id("gym", "pau"), day, day,
    )  # fmt: skip
    assert dax.use("get_opening_hours", other, named, call_id="elsewhere").output["is_open"]
    dax.write(
        "insert into gym_closures (gym_id, starts_on, ends_on, reason) values (%s, %s, %s, 'Travaux')", DAX, day, day
    )
    hours = dax.use("get_opening_hours", other, named, call_id="here").output
    assert not hours["is_open"] and "Exceptionnellement" in hours["message"]
    offered = dax.use("get_class_schedule", other, {}).output["classes"]
    assert "Boxe" not in {one["course"] for one in offered}
    assert not dax.use("book_class", other, {"course": "boxe"}, call_id="late").output["ok"]
    assert "C'est annulé" in dax.use("cancel_booking", holder, {"course": "boxe"}, call_id="back").output["message"]


def test_a_place_given_back_goes_to_whoever_waits_first(dax: Dax) -> None:
    """In the order they asked; and only one's own booking can be cancelled."""
    class_id, _ = dax.course(capacity=1, waiting=5)
    first, second, third = (dax.session() for _ in range(3))
    said = [dax.use("book_class", one, {"course": "boxe"}).output["message"] for one in (first, second, third)]
    assert "C'est réservé" in said[0] and "premier" in said[1] and "numéro 2" in said[2]
    stranger = dax.use("cancel_booking", dax.session(), {"course": "boxe"})
    assert stranger.output["reason"] == "no_booking"
    assert "C'est annulé" in dax.use("cancel_booking", first, {"course": "boxe"}, call_id="call_2").output["message"]
    booked = dax.rows("select session_id, status from class_bookings where class_id = %s order by booked_at", class_id)
    assert [(row["session_id"], row["status"]) for row in booked] == [
        (first, "cancelled"), (second, "booked"), (third, "waiting"),
    ]  # fmt: skip


PERSONAL: tuple[tuple[str, dict[str, Any]], ...] = (
    ("get_member_profile", {}),
    ("get_progress", {}),
    ("set_goal", {"description": "venir trois fois par semaine"}),
    ("declare_absence", {"description": "je pars trois semaines"}),
    ("book_class", {"course": "boxe"}),
    ("cancel_booking", {}),
)


def test_without_a_known_badge_nothing_personal_is_done(dax: Dax) -> None:
    """No badge, an unknown one, an inactive one, one of another gym: refused in words, and nothing is written."""
    dax.course()
    counts = (
        "select (select count(*) from member_goals) as goals, (select count(*) from class_bookings) as bookings, "
        "(select count(*) from member_absences) as absences"
    )
    before = dax.rows(counts)
    for outcome in (None, "unknown", "inactive", "other_gym"):
        session = dax.session(outcome=outcome)
        for tool, arguments in PERSONAL:
            output = dax.use(tool, session, arguments, call_id=tool).output
            assert (output["ok"], output["reason"]) == (False, "no_badge"), (outcome, tool)
            assert "badge" in output["spoken"]
    assert dax.rows(counts) == before


def test_nobody_speaks_for_a_session_of_elsewhere_or_of_before(dax: Dax) -> None:
    """The kiosk of Dax knows no member of Pau, and a session that is over has none any more."""
    dax.course()
    sessions = (dax.session(gym="pau"), made_id("session", "dax"))
    tools = {one.name: one for one in toolbox()}

    async def work(pool: Pool) -> list[Any]:
        return [
            (await tools[tool].run(arguments, ToolContext(KIOSK, session_id, pool, "call_9")))["reason"]
            for session_id in sessions
            for tool, arguments in PERSONAL
        ]

    assert dax.with_pool(work) == ["no_badge"] * 12


def test_extra_arguments_name_nobody_else(dax: Dax) -> None:
    """A member id in the arguments is not even read: the answer is that of whoever badged."""
    session = dax.session()
    output = dax.use("get_member_profile", session, {"member_id": str(made_id("member", "dax"))}).output
    # Camille of Dax has a running plan and a visit; the one who badged has neither.
    assert (output["plan"], output["visits_in_all"]) == (None, 0)


def test_goals_are_set_replaced_and_followed(dax: Dax) -> None:
    """Visits since Monday count; the second goal of a kind takes the place of the first."""
    session = dax.session(made_id("member", "dax"))
    dax.write(
        "insert into member_visits (gym_id, member_id, visited_at) values (%s, %s, now())",
        DAX,
        made_id("member", "dax"),
    )
    dax.use("set_goal", session, {"description": "venir deux fois par semaine"})
    progress = dax.use("get_progress", session, {}, call_id="call_2").output
    assert [(goal["target_count"], goal["reached_count"]) for goal in progress["goals"]] == [(2, 1)]
    assert [row["status"] for row in dax.rows(
        "select status from member_goals where gym_id = %s order by started_at", DAX
    )] == ["replaced", "active"]  # fmt: skip


def test_a_record_that_its_member_wants_unused_is_not_read(dax: Dax) -> None:
    """Profile, progress and goals answer with that choice alone; what is asked for by itself goes on."""
    member_id = uuid4()
    dax.write(
        "insert into gym_members_v2 (id, gym_id, badge_id, member_since) values (%s, %s, 'B-70', '2020-01-01')",
        member_id, DAX,
    )  # fmt: skip
    session = dax.session(member_id)
    for number, answer in enumerate((False, True)):
        dax.write(
            "insert into consents (gym_id, member_id, purpose, is_granted, notice_version, recorded_at) "
            "values (%s, %s, 'personalisation', %s, '2026-01', clock_timestamp())",
            DAX, member_id, answer,
        )  # fmt: skip
        told = [
            dax.use(tool, session, given, call_id=f"{tool}_{number}").output
            for tool, given in (("get_member_profile", {}), ("get_progress", {}), ("set_goal", {"description": "yoga"}))
        ]
        assert [one["ok"] for one in told] == [answer] * 3
        if not answer:
            assert {one["reason"] for one in told} == {"personalisation_refused"}
            assert "2020" not in str(told)
            away = {"description": "je pars trois semaines"}
            assert dax.use("declare_absence", session, away, call_id="away").output["ok"]
    goals = dax.rows("select description from member_goals where member_id = %s", member_id)
    assert len(goals) == 1, "nothing was set while it was refused"


def absences_of(dax: Dax, member_id: UUID) -> list[tuple[int, int | None, str, str]]:
    """First and last day from the gym's today, reason and source."""
    return [
        (row["first"], row["last"], row["reason"], row["source"])
        for row in dax.rows(
            "select starts_on - (now() at time zone 'Europe/Paris')::date as first, "
            "ends_on - (now() at time zone 'Europe/Paris')::date as last, reason, source "
            "from member_absences where member_id = %s order by starts_on",
            member_id,
        )
    ]


def test_an_absence_is_declared_said_again_and_corrected(dax: Dax) -> None:
    """Three weeks from today; then two, in their place; what the desk wrote and what is behind stays."""
    member_id = made_id("member", "dax")
    session = dax.session(member_id)
    dax.write("delete from member_absences where member_id = %s", member_id)
    for first, last, source in ((-40, -30, "member"), (60, 70, "staff"), (90, 95, "member")):
        dax.write(
            "insert into member_absences (gym_id, member_id, starts_on, ends_on, source) "
            "values (%s, %s, (now() at time zone 'Europe/Paris')::date + %s, "
            "(now() at time zone 'Europe/Paris')::date + %s, %s)",
            DAX, member_id, first, last, source,
        )  # fmt: skip
    kept = [(-40, -30, "other", "member")], [(60, 70, "other", "staff")]
    said = dax.use("declare_absence", session, {"description": "Je pars trois semaines en vacances"}).output
    assert said["ok"] and said["message"].startswith("C'est noté : vous êtes absent du ")
    assert absences_of(dax, member_id) == [*kept[0], (0, 20, "holiday", "member"), *kept[1]]
    dax.use("declare_absence", session, {"description": "non, deux semaines", "reason": "holiday"}, call_id="call_2")
    assert absences_of(dax, member_id) == [*kept[0], (0, 13, "holiday", "member"), *kept[1]]
    said = dax.use(
        "declare_absence", session, {"description": "je reste", "is_withdrawn": True}, call_id="call_3"
    ).output
    assert said["message"].startswith("C'est noté : votre absence est annulée.")
    assert absences_of(dax, member_id) == [*kept[0], *kept[1]]
    again = dax.use("declare_absence", session, {"description": "je reste", "is_withdrawn": True}, call_id="call_4")
    assert again.output["message"].startswith("Aucune absence n'était notée")


def test_whoever_is_back_early_ends_what_runs(dax: Dax) -> None:
    """The days behind stay declared; from today on the member is here."""
    member_id = uuid4()
    dax.write("insert into gym_members_v2 (id, gym_id, badge_id) values (%s, %s, 'B-77')", member_id, DAX)
    dax.write(
        "insert into member_absences (gym_id, member_id, starts_on, source) "
        "values (%s, %s, (now() at time zone 'Europe/Paris')::date - 9, 'member')",
        DAX, member_id,
    )  # fmt: skip
    dax.use("declare_absence", dax.session(member_id), {"description": "je suis de retour", "is_withdrawn": True})
    assert absences_of(dax, member_id) == [(-9, -1, "other", "member")]


def test_an_injury_is_kept_as_one_only_with_consent_to_health_data(dax: Dax) -> None:
    """Its end is open; without the consent the reason is any other, and so it is after a withdrawal."""
    member_id = uuid4()
    dax.write("insert into gym_members_v2 (id, gym_id, badge_id) values (%s, %s, 'B-78')", member_id, DAX)
    session = dax.session(member_id)
    for number, (consent, reason) in enumerate(((None, "other"), (True, "injury"), (False, "other"))):
        if consent is not None:
            dax.write(
                "insert into consents (gym_id, member_id, purpose, is_granted, notice_version, recorded_at) "
                "values (%s, %s, 'health', %s, '2026-01', clock_timestamp())",
                DAX, member_id, consent,
            )  # fmt: skip
        words = {"description": "Je me suis blessé au genou"}
        said = dax.use("declare_absence", session, words, call_id=f"call_{number}").output
        assert "jusqu'à votre retour" in said["message"]
        assert absences_of(dax, member_id) == [(0, None, reason, "member")]


@pytest.mark.parametrize(
    ("starts", "ends", "reason"),
    [(None, -1, "past"), (10, 9, "past"), (400, 410, "too_far"), (-40, 3, "too_far"), (0, 400, "too_long")],
)
def test_an_absence_that_cannot_be_is_refused_and_nothing_is_written(
    dax: Dax, starts: int | None, ends: int, reason: str
) -> None:
    """The model is told why, and asks again."""
    member_id = uuid4()
    dax.write("insert into gym_members_v2 (id, gym_id, badge_id) values (%s, %s, 'B-79')", member_id, DAX)
    today = dax.rows("select (now() at time zone 'Europe/Paris')::date as today")[0]["today"]
    given = {"description": "je pars", "ends_on": (today + timedelta(days=ends)).isoformat()}
    if starts is not None:
        given["starts_on"] = (today + timedelta(days=starts)).isoformat()
    output = dax.use("declare_absence", dax.session(member_id), given).output
    assert (output["ok"], output["reason"]) == (False, reason)
    assert absences_of(dax, member_id) == []


def test_an_analysis_is_refused_by_voice(dax: Dax) -> None:
    """A no takes the session out and is kept for its member, active or not; once, and a yes after it is for later."""
    for outcome in ("known", "inactive", "unknown"):
        session = dax.session(outcome=outcome)
        dax.write(
            "update openai_realtime_sessions set has_analysis_consent = true, notice_version = %s where id = %s",
            NOTICE_VERSION, session,
        )  # fmt: skip
        refused = dax.use("set_analysis_consent", session, {"is_granted": False}, call_id="no")
        dax.use("set_analysis_consent", session, {"is_granted": False}, call_id="no")
        accepted = dax.use("set_analysis_consent", session, {"is_granted": True}, call_id="yes")
        assert [(one.output["is_granted"], one.output["analysis"]) for one in (refused, accepted)] == [
            (False, False), (True, False),
        ]  # fmt: skip
        [kept] = dax.rows("select * from openai_realtime_sessions where id = %s", session)
        assert kept["has_analysis_consent"] is False
        consents = dax.rows(
            "select is_granted, source, notice_version from consents where member_id = %s order by recorded_at",
            kept["member_id"],
        )
        expected = [] if outcome == "unknown" else [False, True]
        assert [one["is_granted"] for one in consents] == expected
        assert {(one["source"], one["notice_version"]) for one in consents} <= {("kiosk", NOTICE_VERSION)}
        assert ("vos conversations" in refused.output["message"]) is bool(expected)


def test_an_analysis_is_agreed_to_with_the_notice_only(dax: Dax) -> None:
    """Who was never shown the notice cannot say yes to it; no to it they can, in their own session only."""
    session = dax.session()
    assert dax.use("set_analysis_consent", session, {"is_granted": True}, call_id="a").output["reason"] == "no_notice"
    assert dax.use("set_analysis_consent", session, {}, call_id="b").status == "failed"
    for other in (dax.session(gym="pau"), made_id("session", "dax")):

        async def work(pool: Pool, other: UUID = other) -> Any:
            return await SetAnalysisConsent().run({"is_granted": False}, ToolContext(KIOSK, other, pool, "c"))

        assert dax.with_pool(work)["ok"] is False
    assert dax.rows("select 1 from consents where source = 'kiosk' and not is_granted") == []
    assert dax.use("set_analysis_consent", session, {"is_granted": False}, call_id="d").output["ok"] is True


def test_a_report_is_an_alert_of_the_manager_at_once(dax: Dax) -> None:
    """« Le tapis 4 »: request and alert name the machine and its zone, and a second report adds to the first."""
    arguments = {"machine": "le tapis numéro quatre", "problem": "en panne", "topic": "equipment"}
    for number in (1, 2):
        answer = dax.use("report_issue", dax.session(), arguments, call_id=f"call_{number}")
        assert answer.output["message"].startswith("C'est noté pour le tapis 4, plateau cardio.")
    with dax.database.connect("dashboard") as connection, as_user(connection, PERSON["manager_dax"].id):
        seen = connection.execute(
            "select title, occurrence_count, member_id from manager_alerts where dedup_key = %s",
            ["equipment_issue:equipment:tapis 4:-"],
        ).fetchall()
    assert seen == [("Problème signalé : tapis 4, plateau cardio (machines et matériel)", 2, None)]
    with dax.database.connect("dashboard") as connection, as_user(connection, PERSON["manager_pau"].id):
        assert connection.execute("select from manager_alerts where title like '%tapis%'").fetchall() == []


def test_one_complaint_is_one_alert_whatever_the_analysis_calls_it(dax: Dax) -> None:
    """« Les douches sont sales »: the assistant reports dirt, the analysis reads showers; the alert has its quote."""
    session = dax.session()
    dax.use("report_issue", session, {"zone": "les douches", "problem": "sales", "topic": "cleanliness"}, call_id="a")
    dax.write(
        "insert into session_turns (session_id, gym_id, item_id, position, role, text, started_at) "
        "select id, gym_id, 'one', 0, 'member', 'Les douches sont sales', now() from openai_realtime_sessions "
        "where id = %s",
        session,
    )
    dax.write(
        "update openai_realtime_sessions set state = 'closed', close_reason = 'member_left', ended_at = now() "
        "where id = %s",
        session,
    )
    dax.write(
        "insert into conversation_summaries (session_id, gym_id, kiosk_id) "
        "select id, gym_id, kiosk_id from openai_realtime_sessions where id = %s on conflict do nothing",
        session,
    )
    dax.write(
        "update conversation_summaries set status = 'completed', analysed_at = now(), counted_at = now(), "
        "summary_text = 'Les douches.', key_topics = '{showers_lockers}', sentiment_score = 0, "
        "sentiment_label = 'neutral', emotion_detected = 'neutral', intents_detected = '{report_issue}', "
        "outcome = 'unsolved', engine = 'local', engine_version = '1', cost_usd = 0, "
        "embedding = array_fill(0.0::real, array[1536])::vector, embedding_model = 'test', "
        "issues = jsonb_build_array(jsonb_build_object('topic', 'showers_lockers', 'machine', null, "
        "'zone', 'douches', 'source_turn_ids', (select jsonb_agg(turns.id) from session_turns as turns "
        "where turns.session_id = conversation_summaries.session_id))) where session_id = %s",
        session,
    )
    with dax.database.connect("pipeline") as connection:
        assert raise_alerts(connection, negative_feedback_below=-0.5).refused == ()
    found = dax.rows(
        "select title, occurrence_count, context -> 'turns' -> 0 ->> 'text' as quote from manager_alerts "
        "where alert_type = 'equipment_issue' and context -> 'session_ids' @> to_jsonb(array[%s::text])",
        session,
    )
    assert found == [
        {"title": "Problème signalé : douches (propreté)", "occurrence_count": 1, "quote": "Les douches sont sales"}
    ]


@pytest.mark.parametrize(
    ("tool", "arguments", "kind", "priority"),
    [
        ("request_human", {"reason": "veut parler à quelqu'un"}, RequestKind.HAND_OVER, "high"),
        ("give_feedback", {"kind": "complaint", "text": "trop de monde"}, RequestKind.COMPLAINT, "medium"),
        ("give_feedback", {"kind": "praise", "text": "super équipe"}, RequestKind.PRAISE, None),
        ("give_feedback", {"kind": "suggestion", "text": "un cours de danse"}, RequestKind.SUGGESTION, "low"),
    ],
)  # fmt: skip
def test_what_is_handed_to_the_team_is_kept_and_shown(
    dax: Dax, tool: str, arguments: dict[str, Any], kind: RequestKind, priority: str | None
) -> None:
    """With the member's latest words as evidence; praise asks for no alert."""
    session = dax.session()
    dax.write(
        "insert into session_turns (session_id, gym_id, item_id, position, role, text, started_at) "
        "values (%s, %s, 'item_1', 0, 'member', 'Je voudrais parler à quelqu''un.', now())",
        session, DAX,
    )  # fmt: skip
    assert dax.use(tool, session, arguments).output["ok"] is True
    (request,) = dax.rows("select * from staff_requests where session_id = %s", session)
    assert request["kind"] == kind
    alerts = dax.rows("select * from manager_alerts where id = %s", request["alert_id"])
    assert [alert["priority"] for alert in alerts] == ([priority] if priority else [])
    for alert in alerts:
        assert (alert["member_id"], alert["kiosk_id"]) == (request["member_id"], KIOSK)
        assert alert["context"]["turns"][0]["text"] == "Je voudrais parler à quelqu'un."


def test_a_call_that_comes_back_is_answered_and_not_run_again(dax: Dax) -> None:
    """The same call id gives what it gave, and its effect stays one; started, run and finished are on record."""
    dax.course(capacity=5)
    session = dax.session()
    first = dax.use("book_class", session, {"course": "boxe"})
    again = dax.use("book_class", session, {"course": "boxe"})
    assert (again.status, again.output) == (first.status, first.output) and first.output["status"] == "booked"
    (call,) = dax.rows("select * from tool_calls where session_id = %s", session)
    assert (call["name"], call["status"]) == ("book_class", "done")
    assert call["started_at"] <= call["claimed_at"] <= call["finished_at"]


def test_a_call_that_another_process_runs_is_left_to_it(dax: Dax) -> None:
    """Of many who hold the same started call one runs it; also where that one died half-way."""
    session, ran = dax.session(), []

    class Counting:
        """Counts how often it runs."""

        name, description = "counting", ""
        parameters: Mapping[str, Any] = {}

        async def run(self, arguments: Mapping[str, Any], context: ToolContext) -> Mapping[str, Any]:
            ran.append(context.call_id)
            return {"ok": True}

    dax.write(
        "insert into tool_calls (session_id, gym_id, call_id, name) values (%s, %s, 'c', 'counting')", session, DAX
    )

    async def work(pool: Pool) -> list[str]:
        context = ToolContext(KIOSK, session, pool, "c")
        results = await asyncio.gather(*(run_once([Counting()], "counting", {}, context) for _ in range(6)))
        return [result.status for result in results]

    # Nobody notes here what it gave: whoever waits for that goes without, and has nothing to note either.
    assert sorted(dax.with_pool(work)) == ["done", *["started"] * 5]
    assert ran == ["c"]


def test_only_whoever_runs_a_call_ends_its_row(dax: Dax) -> None:
    """Eight at once, twice over: one runs it, all are told what it gave, and that is what the row says."""

    class Slow:
        """Takes its time, so that everybody else comes too late and too early."""

        name, description = "slow", ""
        parameters: Mapping[str, Any] = {}

        async def run(self, arguments: Mapping[str, Any], context: ToolContext) -> Mapping[str, Any]:
            async with context.pool.connection() as connection:
                await connection.execute("select pg_sleep(0.3)")
            return {"ok": True, "call": context.call_id}

    async def work(pool: Pool) -> list[Any]:
        async def commit(records: Sequence[Record]) -> None:
            async with pool.connection() as connection:
                await write_records(connection, records)

        return await asyncio.gather(
            *(
                run_audited(
                    [Slow()], "slow", {}, ToolContext(KIOSK, session, pool, call_id), gym_id=DAX, commit=commit,
                    clock=lambda: datetime.now(UTC),
                )
                for call_id in ("a", "b")
                for _ in range(8)
            )
        )  # fmt: skip

    session = dax.session()
    results = dax.with_pool(work)
    assert [(result.status, result.output["call"]) for result in results] == [("done", "a")] * 8 + [("done", "b")] * 8
    assert sum(result.is_ours for result in results) == 2
    calls = dax.rows(
        "select call_id, status, output ->> 'call' as gave from tool_calls where session_id = %s order by 1", session
    )
    assert calls == [{"call_id": name, "status": "done", "gave": name} for name in ("a", "b")]


def test_a_result_that_comes_back_from_a_journal_is_the_runners(dax: Dax) -> None:
    """A call that another one claimed keeps its row, whoever brings an end for it; unclaimed, it can be given up."""
    session = dax.session()
    scope = Scope(session, KIOSK, DAX)
    dax.write(
        "insert into tool_calls (session_id, gym_id, call_id, name) values (%s, %s, 'c', 'x'), (%s, %s, 'd', 'x')",
        session, DAX, session, DAX,
    )  # fmt: skip

    async def work(pool: Pool) -> None:
        def end(call_id: str, status: str, claimed_at: datetime | None) -> Record:
            now = datetime.now(UTC)
            ended = finish_tool_call(
                scope, call_id=call_id, status=status, output={}, finished_at=now, claimed_at=claimed_at
            )
            return decode_record(encode_record(ended))

        async with pool.connection() as connection:
            claim = await claim_tool_call(connection, kiosk_id=KIOSK, session_id=session, call_id="c")
            assert claim is not None and claim.claimed_at is not None
            stranger = claim.claimed_at - timedelta(microseconds=1)
            await write_records(connection, [end("c", "failed", None), end("c", "failed", stranger)])
            await write_records(connection, [end("c", "done", claim.claimed_at), end("d", "failed", None)])

    dax.with_pool(work)
    calls = dax.rows("select call_id, status from tool_calls where session_id = %s order by call_id", session)
    assert [(row["call_id"], row["status"]) for row in calls] == [("c", "done"), ("d", "failed")]


def test_a_call_that_is_not_on_record_is_not_run(dax: Dax) -> None:
    """What cannot be claimed cannot be known not to have run."""
    session = dax.session()

    async def work(pool: Pool) -> Any:
        return await run_once(toolbox(), "get_advice", {"question": "le squat"}, ToolContext(KIOSK, session, pool, "x"))

    assert dax.with_pool(work).status == "failed"


def test_a_slow_tool_is_filled_and_a_stuck_one_apologised_for(
    database: Database, gateway: GatewayProcess, network: Network, token: str
) -> None:
    """Through gateway and stand-in: « Un instant, je regarde… », then the answer; past the hard limit, an apology."""
    assert network.gym_id
    with database.admin() as admin:
        # Reading the timetable waits for this lock, as for a database in trouble.
        admin.execute("begin")
        admin.execute("lock table gym_classes in access exclusive mode")
        held = talk(
            gateway.url, token, "B-LEA", [("text", "Quel est le programme des cours collectifs cette semaine ?")]
        )
        admin.execute("rollback")
    said = [turn["text"] for turn in held["turns"] if turn["role"] == "assistant"]
    assert "Un instant, je regarde…" in said[0]
    assert "prend trop de temps" in said[-1]

    def finished() -> list[Any]:
        with database.admin() as admin:
            return admin.execute("select name, status from tool_calls where finished_at is not null").fetchall()

    assert wait_until(finished, seconds=60, what="the call's end") == [("get_class_schedule", "timed_out")]

"""What is kept too long goes, what must stay stays, and each run proves it."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from bench.support.world import Gym, closed_session, make_gym, open_session
from jarvis.cli import main
from orchestration.batches import analyse_due, count_members, raise_alerts
from tests.conftest import Database
from tests.support.cue_word_engine import CueWordEngine
from warehouse.stores import alerts, privacy, retention
from warehouse.stores.churn import LOOK_BACK

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
SENTENCE = "Le tapis 4 est encore cassé, c'est inadmissible, appelez Zoubida au 0611223344 !"
# Words that must not be found anywhere once they are past their term.
PLANTED = ("encore cassé", "Zoubida", "0611223344")


def _analysed(admin: psycopg.Connection, pipeline: psycopg.Connection, gym: Gym) -> UUID:
    """A session with words in every place that holds words, analysed and alerted."""
    session_id = closed_session(admin, gym, (SENTENCE,))
    words = json.dumps({"text": SENTENCE})
    admin.execute(
        "insert into realtime_events (session_id, gym_id, seq, occurred_at, direction, event_type, payload) "
        "values (%s, %s, 1, now(), 'upstream_in', 'x', %s)",
        [session_id, gym.gym_id, words],
    )
    admin.execute(
        "insert into tool_calls (session_id, gym_id, call_id, name, arguments, output) "
        "values (%s, %s, 'c1', 'report_issue', %s, %s)",
        [session_id, gym.gym_id, words, words],
    )
    admin.execute(
        "insert into staff_requests (gym_id, kiosk_id, session_id, member_id, call_id, kind, topic, text) "
        "values (%s, %s, %s, %s, 'c1', 'complaint', 'equipment', %s)",
        [gym.gym_id, gym.kiosk_id, session_id, gym.member_id, SENTENCE],
    )
    analyse_due(pipeline, CueWordEngine())
    count_members(pipeline)
    raise_alerts(pipeline, negative_feedback_below=-0.5)
    admin.execute(
        "insert into app.paid_replies (gym_id, session_id, request_hash, reply) values (%s, %s, repeat('0', 64), %s)",
        [gym.gym_id, session_id, SENTENCE],
    )
    return session_id


def _age(admin: psycopg.Connection, session_id: UUID, *, days: int) -> None:
    """The session happened that long before `NOW`; the triggers that guard a close stand aside for it."""
    moment = NOW - timedelta(days=days)
    admin.execute("set session_replication_role = replica")
    admin.execute(
        "update openai_realtime_sessions set started_at = %s, ended_at = %s where id = %s",
        [moment, moment + timedelta(minutes=2), session_id],
    )
    admin.execute("set session_replication_role = origin")


def _places_of(admin: psycopg.Connection, needle: str) -> list[str]:
    """Every table and column of the database in which these words rest."""
    columns = admin.execute(
        "select table_schema, table_name, column_name from information_schema.columns "
        "where table_schema in ('public', 'app') and data_type in ('text', 'jsonb', 'ARRAY', 'tsvector', 'json')"
    ).fetchall()
    found = []
    for schema, table, column in columns:
        query = sql.SQL("select count(*) from {}.{} where {}::text ilike %s").format(
            sql.Identifier(schema), sql.Identifier(table), sql.Identifier(column)
        )
        if _one(admin.execute(query, [f"%{needle}%"])):
            found.append(f"{table}.{column}")
    return found


def _one(cursor: psycopg.Cursor[Any]) -> Any:
    row = cursor.fetchone()
    assert row is not None
    return row[0]


def _count(admin: psycopg.Connection, query: LiteralString, *parameters: object) -> int:
    return int(_one(admin.execute(query, parameters)))


def test_old_words_are_in_no_column_of_the_database(database: Database) -> None:
    """After six months nothing tells what was said; times, labels and figures stay, younger sessions stay whole."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        old = _analysed(admin, pipeline, gym)
        assert {place for word in PLANTED for place in _places_of(admin, word)} >= {
            "session_turns.text", "realtime_events.payload", "tool_calls.arguments", "tool_calls.output",
            "staff_requests.text", "paid_replies.reply", "manager_alerts.context",
        }  # fmt: skip
        _age(admin, old, days=184)
        young = closed_session(admin, gym, ("Merci, le cours de yoga était super.",))
        facts = (
            "select sentiment_score, sentiment_label, outcome, engine from conversation_summaries where session_id = %s"
        )
        before = admin.execute(facts, [old]).fetchone()

        proofs = {one.rule_name: one for one in retention.keep_house(pipeline, home=database.settings.home, now=NOW)}

        assert {word: _places_of(admin, word) for word in PLANTED} == {word: [] for word in PLANTED}
        assert (proofs["sessions"].found, proofs["sessions"].done, proofs["sessions"].remaining) == (1, 1, 0)
        assert admin.execute(facts, [old]).fetchone() == before
        kept = admin.execute(
            "select summary_text is null, embedding is null, evidence is not null, words_forgotten_at is not null "
            "from conversation_summaries where session_id = %s",
            [old],
        ).fetchone()
        assert kept == (True, True, True, True)
        assert _places_of(admin, "cours de yoga") == ["session_turns.text"]
        assert _count(admin, "select count(*) from session_turns where session_id = %s", young) == 2


def test_a_dry_run_counts_and_changes_nothing(database: Database) -> None:
    """It finds what a real run would do, and only the record of runs grows."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        _age(admin, _analysed(admin, pipeline, gym), days=200)
        found = {
            one.rule_name: one
            for one in retention.keep_house(pipeline, home=database.settings.home, now=NOW, is_dry=True)
        }
        assert (found["sessions"].found, found["sessions"].done, found["sessions"].remaining) == (1, 0, 1)
        assert _places_of(admin, "Zoubida") != []
        assert _count(admin, "select count(*) from app.retention_runs where is_dry") == len(found)
        assert _count(admin, "select count(*) from app.retention_runs where not is_dry") == 0


def test_a_gym_s_own_shorter_term_is_kept_of_its_rows_only(database: Database) -> None:
    """A neighbour keeps for the network's term; each term has its proof, with the days that held; on record."""
    home = database.settings.home
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        pau, dax = make_gym(admin, "pau"), make_gym(admin, "dax")
        sessions = {}
        for gym in (pau, dax):
            sessions[gym.gym_id] = closed_session(admin, gym, (SENTENCE,))
            _age(admin, sessions[gym.gym_id], days=100)
            _visit(admin, gym, NOW - timedelta(days=50))
            admin.execute(
                "insert into kiosk_heartbeats (gym_id, kiosk_id, received_at) values (%s, %s, %s)",
                [gym.gym_id, gym.kiosk_id, NOW - timedelta(days=20)],
            )
        for rule, days in (("sessions", 60), ("badge_passages", 30), ("heartbeats", 7)):
            retention.set_gym_keep_days(pipeline, rule, slug="pau", keep_days=days)
        dry = {one.rule_name: one for one in retention.count_of_gym(pipeline, "pau", home=home, now=NOW)}
        assert {name: dry[name].found for name in ("sessions", "badge_passages", "heartbeats", "reports")} == {
            "sessions": 1, "badge_passages": 1, "heartbeats": 1, "reports": 0,
        }  # fmt: skip
        assert all(one.found == 0 for one in retention.count_of_gym(pipeline, "dax", home=home, now=NOW))
        proofs = retention.keep_house(pipeline, home=home, now=NOW)
        own = {one.rule_name: (one.found, one.done, one.remaining) for one in proofs if one.gym_slug == "pau"}
        assert own == dict.fromkeys(("sessions", "badge_passages", "heartbeats"), (1, 1, 0))
        assert sum(one.found for one in proofs if one.gym_slug is None) == 0
        kept = "select count(*) from session_turns where session_id = %s and text <> ''"
        assert [_count(admin, kept, sessions[gym.gym_id]) > 0 for gym in (pau, dax)] == [False, True]
        assert admin.execute("select gym_id from kiosk_heartbeats").fetchall() == [(dax.gym_id,)]
        assert admin.execute("select gym_id from member_visits where not is_day_only").fetchall() == [(dax.gym_id,)]
        on_record = admin.execute(
            "select rule_name, keep_days, done from app.retention_runs where gym_id = %s and not is_dry order by id",
            [pau.gym_id],
        ).fetchall()
        assert on_record == [("sessions", 60, 1), ("heartbeats", 7, 1), ("badge_passages", 30, 1)]
        assert _count(admin, "select count(*) from audit_log where gym_id = %s", pau.gym_id) == 3
        last = {(one.rule_name, one.gym_id): one.done for one in retention.last_proofs(pipeline)}
        assert (last["sessions", pau.gym_id], last["sessions", None]) == (1, 0)


def test_a_gym_may_keep_less_and_never_more(database: Database) -> None:
    """A longer term, another's rule and an unknown gym are refused; a stricter network holds; `network` ends a term."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        make_gym(admin, "pau")
        for rule, slug, days, why in (
            ("sessions", "pau", 183, "fewer than the network's 183"),
            ("log_files", "pau", 1, "found no retention rule log_files|retention rule log_files of a gym"),
            ("sessions", "lyon", 60, "found no gym 'lyon', expected one of: "),
        ):
            with pytest.raises(LookupError, match=why):
                retention.set_gym_keep_days(pipeline, rule, slug=slug, keep_days=days)

        def held() -> list[tuple[str | None, int]]:
            return [(one.gym_slug, one.keep_days) for one in retention.rules(pipeline) if one.name == "sessions"]

        retention.set_gym_keep_days(pipeline, "sessions", slug="pau", keep_days=60)
        assert held() == [(None, 183), ("pau", 60)]
        retention.set_keep_days(pipeline, "sessions", keep_days=30)
        assert held() == [(None, 30)]
        [term] = (one.keep_days for one in retention.rules_of_gym(pipeline, "pau") if one.name == "sessions")
        assert term == 30
        retention.set_keep_days(pipeline, "sessions", keep_days=183)
        retention.set_gym_keep_days(pipeline, "sessions", slug="pau", keep_days=None)
        assert held() == [(None, 183)]


def test_a_second_run_finds_nothing(database: Database) -> None:
    """Running it again is without harm and without work."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        _age(admin, _analysed(admin, pipeline, gym), days=200)
        _visit(admin, gym, NOW - timedelta(days=100))
        retention.keep_house(pipeline, home=database.settings.home, now=NOW)
        assert [
            (one.found, one.done, one.remaining)
            for one in retention.keep_house(pipeline, home=database.settings.home, now=NOW)
        ] == [(0, 0, 0) for _ in retention.rules(pipeline)]


def test_heartbeats_go_after_thirty_days(database: Database) -> None:
    """The one of the thirtieth day stays."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        for hours in (1, 30 * 24 - 1, 30 * 24 + 1, 400 * 24):
            admin.execute(
                "insert into kiosk_heartbeats (gym_id, kiosk_id, received_at) values (%s, %s, %s)",
                [gym.gym_id, gym.kiosk_id, NOW - timedelta(hours=hours)],
            )
        retention.keep_house(pipeline, home=database.settings.home, now=NOW)
        assert _count(admin, "select count(*) from kiosk_heartbeats") == 2


def _visit(admin: psycopg.Connection, gym: Gym, moment: datetime) -> None:
    admin.execute(
        "insert into member_visits (gym_id, member_id, kiosk_id, visited_at) values (%s, %s, %s, %s)",
        [gym.gym_id, gym.member_id, gym.kiosk_id, moment],
    )


def test_an_old_passage_tells_the_day_only(database: Database) -> None:
    """The hour and the kiosk go, the gym's own day and the number of visits stay, also for one that arrives later."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        # 23:30 UTC is the next day in Paris.
        first, second, late = (datetime(2026, 7, 1, hour, 30, tzinfo=UTC) for hour in (6, 23, 9))
        _visit(admin, gym, first)
        _visit(admin, gym, second)
        _visit(admin, gym, NOW - timedelta(days=89))
        retention.keep_house(pipeline, home=database.settings.home, now=NOW)
        _visit(admin, gym, late)
        retention.keep_house(pipeline, home=database.settings.home, now=NOW)
        days = admin.execute(
            "select (visited_at at time zone 'Europe/Paris')::date::text, count(*), count(distinct visited_at), "
            "count(kiosk_id), min(visited_at at time zone 'Europe/Paris')::time(0)::text "
            "from member_visits where is_day_only group by 1 order by 1"
        ).fetchall()
        assert days == [("2026-07-01", 2, 2, 0, "12:00:00"), ("2026-07-02", 1, 1, 0, "12:00:00")]
        assert _count(admin, "select count(*) from member_visits where not is_day_only and kiosk_id is not null") == 1


def test_reports_are_archived_after_a_year_and_forgotten_drafts_go(database: Database) -> None:
    """Figures stay; what was written about people, and what nobody published, does not."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        for days, status in ((380, "published"), (387, "draft"), (100, "published")):
            start = NOW - timedelta(days=days)
            admin.execute(
                "insert into insights_reports (gym_id, report_type, period_start, period_end, title, metrics, "
                "insights, status, published_at) "
                "values (%s, 'weekly', %s, %s, 'Semaine', '{\"visits\": 3}', '[\"x\"]', %s, %s)",
                [gym.gym_id, start, start + timedelta(days=7), status, None if status == "draft" else start],
            )
        retention.keep_house(pipeline, home=database.settings.home, now=NOW)
        rows = admin.execute("select status, metrics, insights from insights_reports order by period_start").fetchall()
        assert rows == [("archived", {"visits": 3}, None), ("published", {"visits": 3}, ["x"])]


def test_a_member_without_contact_for_three_years_is_erased(database: Database) -> None:
    """Only who is no longer a member; a running membership is contact enough."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gone, stays = make_gym(admin), make_gym(admin, "dax")
        for gym in (gone, stays):
            admin.execute(
                "update gym_members_v2 set created_at = %s, last_visit = null where id = %s",
                [NOW - timedelta(days=1200), gym.member_id],
            )
        admin.execute("update gym_members_v2 set is_active = false where id = %s", [gone.member_id])
        retention.keep_house(pipeline, home=database.settings.home, now=NOW)
        assert admin.execute("select id from gym_members_v2").fetchall() == [(stays.member_id,)]
        assert _count(admin, "select count(*) from audit_log where action = 'member_erased'") == 1


def test_a_rule_that_fails_says_so_and_the_others_go_on(database: Database) -> None:
    """What it had done stays, its proof names the error, what is left is counted."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        admin.execute(
            "insert into kiosk_heartbeats (gym_id, kiosk_id, received_at) values (%s, %s, %s)",
            [gym.gym_id, gym.kiosk_id, NOW - timedelta(days=40)],
        )
        _visit(admin, gym, NOW - timedelta(days=100))
        admin.execute("revoke delete on kiosk_heartbeats from jarvis_pipeline")
        proofs = {one.rule_name: one for one in retention.keep_house(pipeline, home=database.settings.home, now=NOW)}
        assert proofs["heartbeats"].error == "InsufficientPrivilege 42501"
        assert (proofs["heartbeats"].found, proofs["heartbeats"].remaining) == (1, 1)
        assert proofs["badge_passages"].done == 1


def test_a_rule_that_cannot_even_be_counted_stops_no_other(database: Database) -> None:
    """Its proof says why, and claims that nothing was kept."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        _visit(admin, gym, NOW - timedelta(days=100))
        admin.execute("revoke select on kiosk_heartbeats from jarvis_pipeline")
        for is_dry in (True, False):
            proofs = {
                one.rule_name: one
                for one in retention.keep_house(pipeline, home=database.settings.home, now=NOW, is_dry=is_dry)
            }
            assert proofs["heartbeats"].error == "InsufficientPrivilege 42501"
            assert not proofs["heartbeats"].is_kept
            assert proofs["badge_passages"].found == 1
        assert proofs["badge_passages"].done == 1


def test_empty_months_of_the_event_log_are_dropped(database: Database) -> None:
    """A month with an event stays, an empty one past the term goes, the coming ones exist."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        for month, end in (("2025_01", "2025-02-01"), ("2025_02", "2025-03-01")):
            admin.execute(
                sql.SQL("create table {} partition of realtime_events for values from ({}) to ({})").format(
                    sql.Identifier(f"realtime_events_{month}"), f"{month.replace('_', '-')}-01", end
                )
            )
            admin.execute(
                sql.SQL("alter table {} owner to jarvis_owner").format(sql.Identifier(f"realtime_events_{month}"))
            )
        gym = make_gym(admin)
        session_id = closed_session(admin, gym)
        admin.execute(
            "insert into realtime_events (session_id, gym_id, seq, occurred_at, direction, event_type, payload) "
            "values (%s, %s, 1, '2025-02-10', 'upstream_in', 'x', '{}')",
            [session_id, gym.gym_id],
        )
        retention.keep_house(pipeline, home=database.settings.home, now=NOW)
        left = {
            row[0] for row in admin.execute("select relname from pg_class where relname ~ '^realtime_events_2025_0.$'")
        }
        assert left == {"realtime_events_2025_02"}


def test_a_term_is_changed_on_record(database: Database) -> None:
    """The next run keeps to it; an unknown rule is refused by name."""
    with database.connect("pipeline") as pipeline, database.admin() as admin:
        retention.set_keep_days(pipeline, "heartbeats", keep_days=7)
        pipeline.commit()
        assert {one.name: one.keep_days for one in retention.rules(pipeline)}["heartbeats"] == 7
        assert _count(admin, "select count(*) from audit_log where action = 'retention_changed'") == 1
        with pytest.raises(retention.UnknownRule, match="heartbeats"):
            retention.set_keep_days(pipeline, "heartbeat", keep_days=7)


def test_an_export_holds_every_row_that_names_the_member(database: Database) -> None:
    """The member's own rows and those of their sessions, from each table; another member's are not in it."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym, other = make_gym(admin), make_gym(admin, "dax")
        _analysed(admin, pipeline, gym)
        closed_session(admin, other, ("Bonjour, je cherche le vestiaire de Dax.",))
        kept = privacy.export_member(pipeline, gym.member_id)
    assert {"gym_members_v2", "openai_realtime_sessions", "session_turns", "tool_calls", "staff_requests",
            "conversation_summaries", "member_analytics", "manager_alerts", "realtime_events"} <= set(kept)  # fmt: skip
    text = json.dumps(kept, ensure_ascii=False)
    assert "Lovelace" in text and "Zoubida" in text and "vestiaire de Dax" not in text
    assert "embedding" not in kept["conversation_summaries"][0]


def test_an_erased_member_is_found_nowhere(database: Database) -> None:
    """No column of the database holds their name or their words; the session stays as nobody's, with its figures."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        session_id = _analysed(admin, pipeline, gym)
        certificate = privacy.erase_member(pipeline, gym.member_id)
        pipeline.commit()
        assert {word: _places_of(admin, word) for word in (*PLANTED, "Lovelace")} == {
            word: [] for word in (*PLANTED, "Lovelace")
        }
        session = admin.execute("select member_id, state from openai_realtime_sessions where id = %s", [session_id])
        assert session.fetchone() == (None, "closed")
    assert certificate.rows["session_turns"] == 2


def test_a_message_to_a_member_is_theirs_and_has_its_term(database: Database) -> None:
    """It is in their export though it names only the alert, and goes after half a year; the one of yesterday stays."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        for key, days in (("old", 190), ("new", 1)):
            admin.execute(
                "with raised as (insert into manager_alerts (gym_id, member_id, alert_type, title, dedup_key) "
                "values (%s, %s, 'churn_risk', 'Risque', %s) returning gym_id, id) "
                "insert into alert_messages (gym_id, alert_id, language, text, created_at) "
                "select gym_id, id, 'fr', %s, %s from raised",
                [gym.gym_id, gym.member_id, key, f"Bonjour Ada ({key})", NOW - timedelta(days=days)],
            )
        kept = privacy.export_member(pipeline, gym.member_id)
        assert {one["text"] for one in kept["alert_messages"]} == {"Bonjour Ada (old)", "Bonjour Ada (new)"}
        retention.keep_house(pipeline, home=database.settings.home, now=NOW)
        assert admin.execute("select text from alert_messages").fetchall() == [("Bonjour Ada (new)",)]


def _alert(admin: psycopg.Connection, gym: Gym, *, days: int | None, key: str) -> UUID:
    """An alert of a member with words in every place; closed so many days ago, or open."""
    moment = None if days is None else NOW - timedelta(days=days)
    row = admin.execute(
        "insert into manager_alerts (gym_id, member_id, alert_type, title, description, recommended_actions, context, "
        "status, resolved_at, resolution_notes, outcome_code, dedup_key, created_at) "
        "values (%s, %s, 'churn_risk', 'Risque de départ', %s, '[\"Appeler Zoubida\"]', %s, %s, %s, %s, %s, %s, %s) "
        "returning id",
        [
            gym.gym_id, gym.member_id, SENTENCE, json.dumps({"turns": [{"text": SENTENCE}], "level": "high"}),
            "pending" if days is None else "resolved", moment, None if days is None else SENTENCE,
            None if days is None else "member_contacted", key, NOW - timedelta(days=1200 if days is None else days + 1),
        ],
    ).fetchone()  # fmt: skip
    assert row is not None
    found: UUID = row[0]
    return found


def test_a_closed_alert_is_a_fact_after_two_years_and_gone_after_three(database: Database, tmp_path: Path) -> None:
    """What was written goes, that it was and how it ended stays for the figures; an open one keeps its words."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        told = {key: _alert(admin, gym, days=days, key=key)
                for key, days in (("open", None), ("new", 700), ("old", 740), ("gone", 1100))}  # fmt: skip
        admin.execute(
            "insert into alert_choices (gym_id, member_id, week_starts_on, period, decision, as_of_date, score, level, "
            "expected_value_eur, alert_id, decided_at) "
            "values (%s, %s, '2024-10-07', '2024-Q4', 'alert', '2024-10-08', 0.9, 'high', 300, %s, %s)",
            [gym.gym_id, gym.member_id, told["old"], NOW - timedelta(days=745)],
        )
        before = _one(admin.execute("select count(*) from audit_log"))
        proofs = {one.rule_name: one for one in retention.keep_house(pipeline, home=tmp_path, now=NOW)}
        assert [(proofs[name].found, proofs[name].done, proofs[name].remaining) for name in ("alert_words", "alerts")] \
            == [(2, 2, 0), (1, 1, 0)]  # fmt: skip
        left = {row[0]: row[1:] for row in admin.execute(
            "select dedup_key, description, resolution_notes, title, outcome_code, context ->> 'level' "
            "from manager_alerts"
        )}  # fmt: skip
        assert set(left) == {"open", "new", "old"}
        assert left["old"] == (None, None, "Risque de départ", "member_contacted", None)
        assert (left["open"][0], left["new"][1]) == (SENTENCE, SENTENCE)
        # What measures the calls still knows whom it was about, and forgetting is no move of the alert.
        assert _one(admin.execute("select alert_id from alert_choices")) == told["old"]
        assert _one(admin.execute("select count(*) from audit_log")) == before


def test_an_alert_whose_words_had_their_term_is_no_fault_of_the_evidence(database: Database, tmp_path: Path) -> None:
    """The check that every complaint quotes its member looks at those that still may."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        _analysed(admin, pipeline, gym)
        admin.execute(
            "update manager_alerts set status = 'resolved', outcome_code = 'solved', resolution_notes = 'Rappelée.'"
        )
        assert alerts.count_feedback_without_words(pipeline) == 0
        kinds = {row[0] for row in admin.execute("select alert_type from manager_alerts")}
        assert {"negative_feedback", "equipment_issue"} <= kinds
        pipeline.commit()
        proofs = retention.keep_house(pipeline, home=tmp_path, now=datetime.now(UTC) + timedelta(days=800))
        assert next(one.done for one in proofs if one.rule_name == "alert_words") == len(kinds)
        assert alerts.count_feedback_without_words(pipeline) == 0
        assert admin.execute("select distinct context -> 'turns' from manager_alerts").fetchall() == [([],)]


def test_words_of_an_open_alert_are_not_forgotten_and_no_ending_is_changed_so(database: Database) -> None:
    """The mark of forgetting opens no way round the frozen ending."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        for key, days in (("open", None), ("old", 740)):
            alert_id = _alert(admin, gym, days=days, key=key)
            with pytest.raises(psycopg.errors.CheckViolation, match="words to forget"), pipeline.transaction():
                pipeline.execute(
                    "update manager_alerts set words_forgotten_at = now(), description = null, "
                    "resolution_notes = null, outcome_code = 'solved', recommended_actions = '[]', "
                    'context = \'{"turns": [], "session_ids": []}\' where id = %s',
                    [alert_id],
                )


def test_the_trail_goes_after_a_year_but_for_proofs_and_the_moves_of_alerts(database: Database, tmp_path: Path) -> None:
    """Sign-ins go; a move says when and no longer who; an erasure's certificate stands five years."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        for action, table, days in (
            ("signed_in", "users", 400), ("signed_in", "users", 300), ("alert_resolved", "manager_alerts", 400),
            ("member_erased", "gym_members_v2", 400), ("member_erased", "gym_members_v2", 1900),
        ):  # fmt: skip
            admin.execute(
                "insert into audit_log (occurred_at, actor_user_id, actor_role, action, subject_table, subject_id, "
                "details) values (%s, gen_random_uuid(), 'gym_manager', %s, %s, 'x', '{\"rows\": 1}')",
                [NOW - timedelta(days=days), action, table],
            )
        proofs = {one.rule_name: one for one in retention.keep_house(pipeline, home=tmp_path, now=NOW)}
        names = ("audit_log", "audit_moves", "audit_proofs")
        assert [(proofs[name].done, proofs[name].remaining) for name in names] == [(1, 0), (1, 0), (1, 0)]
        rows = admin.execute(
            "select action, actor_user_id is null, details from audit_log "
            "where subject_id = 'x' order by occurred_at, action"
        ).fetchall()
        assert rows == [
            ("alert_resolved", True, {}), ("member_erased", False, {"rows": 1}), ("signed_in", False, {"rows": 1}),
        ]  # fmt: skip


def test_nobody_shortens_the_trail_below_half_a_year(database: Database, tmp_path: Path) -> None:
    """A term of a month is refused by the database and told in the proof; no login deletes an entry itself."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        admin.execute(
            "insert into audit_log (occurred_at, actor_role, action, subject_table, subject_id) "
            "values (%s, 'x', 'signed_in', 'users', 'x')",
            [datetime.now(UTC) - timedelta(days=60)],
        )
        retention.set_keep_days(pipeline, "audit_log", keep_days=30)
        pipeline.commit()
        proofs = {one.rule_name: one for one in retention.keep_house(pipeline, home=tmp_path, now=datetime.now(UTC))}
        assert (proofs["audit_log"].done, proofs["audit_log"].error) == (0, "CheckViolation 23514")
        with pytest.raises(psycopg.errors.InsufficientPrivilege), pipeline.transaction():
            pipeline.execute("delete from audit_log")


def test_sessions_and_links_that_are_long_over_go(database: Database, tmp_path: Path) -> None:
    """A month after their end; of somebody who never came back too."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        user = _one(
            admin.execute("insert into users (email, role) values ('a@salle.test', 'super_admin') returning id")
        )
        for number, days in ((1, 40), (2, 5)):
            ends = NOW - timedelta(days=days)
            admin.execute(
                "insert into dashboard_sessions (token_hash, user_id, expires_at) values (sha256(%s::bytea), %s, %s)",
                [str(number), user, ends],
            )
            admin.execute(
                "insert into account_links (token_hash, user_id, expires_at, purpose) "
                "values (sha256(%s::bytea), %s, %s, 'invitation')",
                [str(number), user, ends],
            )
        proofs = {one.rule_name: one for one in retention.keep_house(pipeline, home=tmp_path, now=NOW)}
        assert (proofs["sign_ins"].found, proofs["sign_ins"].done, proofs["sign_ins"].remaining) == (2, 2, 0)
        left = admin.execute("select (select count(*) from dashboard_sessions), (select count(*) from account_links)")
        assert left.fetchone() == (1, 1)


def test_an_account_goes_a_year_after_its_suspension(database: Database, tmp_path: Path) -> None:
    """So does an invitation nobody followed; who signs in stays, and so does what the gone one did."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        made = {
            name: _one(
                admin.execute(
                    "insert into users (email, role, is_active, suspended_at, created_at) "
                    "values (%s, 'super_admin', %s, %s, %s) returning id",
                    [f"{name}@salle.test", suspended is None, suspended, NOW - timedelta(days=800)],
                )
            )
            for name, suspended in (
                ("long", NOW - timedelta(days=370)), ("lately", NOW - timedelta(days=300)), ("active", None),
            )
        }  # fmt: skip
        franchise = _one(admin.execute("insert into franchises (name) values ('Landes') returning id"))
        for name, days in (("never", 370), ("new", 5)):
            made[name] = _one(
                admin.execute(
                    "insert into users (email, role, franchise_id, created_at) "
                    "values (%s, 'franchise_owner', %s, %s) returning id",
                    [f"{name}@salle.test", franchise, NOW - timedelta(days=days)],
                )
            )
        admin.execute("insert into user_credentials (user_id, password_hash) values (%s, 'x')", [made["long"]])
        admin.execute(
            "insert into audit_log (actor_user_id, actor_role, action, subject_table, subject_id) "
            "values (%s, 'super_admin', 'gym_changed', 'gyms', 'x')",
            [made["long"]],
        )
        dry = {one.rule_name: one for one in retention.keep_house(pipeline, home=tmp_path, now=NOW, is_dry=True)}
        proofs = {one.rule_name: one for one in retention.keep_house(pipeline, home=tmp_path, now=NOW)}
        assert (dry["accounts"].found, dry["accounts"].done) == (2, 0)
        assert (proofs["accounts"].found, proofs["accounts"].done, proofs["accounts"].remaining) == (2, 2, 0)
        left = {row[0] for row in admin.execute("select id from users")}
        assert left == {made["lately"], made["active"], made["new"]}
        assert _one(admin.execute("select count(*) from user_credentials")) == 0
        assert _one(admin.execute("select actor_user_id from audit_log where action = 'gym_changed'")) == made["long"]


def test_a_suspension_has_its_moment_and_its_end_has_none(database: Database) -> None:
    """Whoever may sign in again has a whole year again."""
    with database.admin() as admin:
        user = _one(
            admin.execute("insert into users (email, role) values ('a@salle.test', 'super_admin') returning id")
        )
        admin.execute("insert into users (email, role) values ('b@salle.test', 'super_admin')")
        for is_active in (False, True):
            admin.execute("update users set is_active = %s where id = %s", [is_active, user])
            told = _one(admin.execute("select suspended_at is null from users where id = %s", [user]))
            assert told is is_active


def test_an_absence_s_reason_goes_a_year_after_it_ended(database: Database) -> None:
    """It may be an injury; without an end, a year after it was declared or once the member left. Its days stay."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym, left = make_gym(admin), make_gym(admin, "dax")
        admin.execute("update gym_members_v2 set is_active = false where id = %s", [left.member_id])
        for one, start, end, declared in (
            (gym, "2025-01-01", "2025-02-01", 690),
            (gym, "2026-10-01", "2026-10-10", 60),
            (gym, "2025-01-02", None, 690),
            (gym, "2026-09-01", None, 80),
            (left, "2026-09-02", None, 80),
            (gym, "2023-01-01", "2023-02-01", 1400),
            (gym, "2023-01-02", None, 1400),
        ):
            admin.execute(
                "insert into member_absences (gym_id, member_id, starts_on, ends_on, reason, source, created_at) "
                "values (%s, %s, %s, %s, 'injury', 'member', %s)",
                [one.gym_id, one.member_id, start, end, NOW - timedelta(days=declared)],
            )
        rules = ("absences", "absence_days")
        home = database.settings.home
        dry = {one.rule_name: one for one in retention.keep_house(pipeline, home=home, now=NOW, is_dry=True)}
        assert [(dry[one].found, dry[one].done) for one in rules] == [(5, 0), (2, 0)]
        done = {one.rule_name: one for one in retention.keep_house(pipeline, home=home, now=NOW)}
        assert [(done[one].done, done[one].remaining) for one in rules] == [(5, 0), (2, 0)]
        kept = admin.execute("select starts_on::text, reason from member_absences order by starts_on").fetchall()
        assert kept == [
            ("2025-01-01", "other"), ("2025-01-02", "other"), ("2026-09-01", "injury"), ("2026-09-02", "other"),
            ("2026-10-01", "injury"),
        ]  # fmt: skip
        assert _count(admin, "select count(*) from superseded_records where table_name = 'member_absences'") == 0, (
            "what is past its term leaves no trace"
        )


def test_absences_are_known_as_long_as_the_visits_beside_them(database: Database) -> None:
    """Training reads every visit there is: a declared absence that went before them would be read as plain absence."""
    with database.connect("pipeline") as pipeline:
        terms = {one.name: one.keep_days for one in retention.rules(pipeline)}
    assert terms["absence_days"] >= max(terms["visit_days"], LOOK_BACK.days)


def test_nobody_unknown_or_talking_is_erased(database: Database) -> None:
    """Both are refused with what to do."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        with pytest.raises(privacy.UnknownMember, match=r"gym_members_v2\.id"):
            privacy.erase_member(pipeline, gym.gym_id)
        open_session(admin, gym)
        with pytest.raises(privacy.MemberIsTalking, match="once it is closed"):
            privacy.erase_member(pipeline, gym.member_id)


def test_files_have_their_term_too(database: Database, tmp_path: Path) -> None:
    """Old copies go, young ones stay, what grows is set aside; a dry run counts and changes nothing; proofs of each."""
    old, young = NOW - timedelta(days=200), NOW - timedelta(hours=2)
    files = {
        "logs/gateway.log": young, "logs/gateway.log.2026-10-01": old, "logs/gateway.log.2026-11-20": young,
        "journal/quarantine.ndjson": young, "journal/quarantine.ndjson.2026-01-01": old, "journal/live.jsonl": old,
        "dagster/results/one": old, "dagster/results/two": young, "dagster/broker/taken/three": old,
        "secret_key": old,
    }  # fmt: skip
    for name, changed_at in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
        os.utime(path, (changed_at.timestamp(), changed_at.timestamp()))
    rules = ("log_files", "quarantine_files", "worker_files")
    with database.connect("pipeline") as pipeline, (tmp_path / "logs/gateway.log").open("a") as held:
        dry = {one.rule_name: one for one in retention.keep_house(pipeline, home=tmp_path, now=NOW, is_dry=True)}
        assert [(dry[one].found, dry[one].done) for one in rules] == [(1, 0), (1, 0), (2, 0)]
        assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()} == set(files)
        done = {one.rule_name: one for one in retention.keep_house(pipeline, home=tmp_path, now=NOW)}
        assert [(done[one].done, done[one].remaining, done[one].error) for one in rules] == [
            (1, 0, None), (1, 0, None), (2, 0, None),
        ]  # fmt: skip
        # Whoever held the log open goes on in the emptied one.
        held.write("later")
        held.flush()
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()} == {
        "logs/gateway.log", "logs/gateway.log.2026-11-20", "logs/gateway.log.2026-11-22", "dagster/results/two",
        "journal/quarantine.ndjson.2026-11-22", "journal/live.jsonl", "secret_key",
    }  # fmt: skip
    assert (tmp_path / "logs/gateway.log").read_text() == "later"
    assert (tmp_path / "logs/gateway.log.2026-11-22").read_text() == "logs/gateway.log"


def test_every_rule_is_kept_under_the_login_of_the_job(database: Database, tmp_path: Path) -> None:
    """Old proofs go too: a right that a statement lacks would show as a rule that always fails."""
    with database.admin() as admin:
        admin.execute(
            "insert into app.retention_runs "
            "(run_id, rule_name, is_dry, cut_off, keep_days, found, done, remaining, ran_at) "
            "values (gen_random_uuid(), 'heartbeats', false, now(), 30, 0, 0, 0, %s)",
            [NOW - timedelta(days=2000)],
        )
    with database.connect("pipeline") as pipeline:
        proofs = retention.keep_house(pipeline, home=tmp_path, now=NOW, is_dry=False)
    assert {proof.rule_name: proof.error for proof in proofs if proof.error is not None} == {}
    assert next(proof.done for proof in proofs if proof.rule_name == "retention_runs") == 1


def test_the_command_deletes_only_where_it_is_told_to(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Looking and setting a term touch nothing; an unknown rule is named; `--run` proves what it did."""
    monkeypatch.setenv("JARVIS_HOME", str(tmp_path))
    monkeypatch.setenv("JARVIS_DATABASE_URL", database.url_for("admin"))
    monkeypatch.setenv("JARVIS_DATABASE_URL_PIPELINE", database.url_for("pipeline"))
    with database.admin() as admin:
        assert main(["retention"]) == 0
        assert main(["retention", "--set", "heartbeats", "31"]) == 0
        assert main(["retention", "--set", "heartbeat", "7"]) == 1
        assert "heartbeat" in capsys.readouterr().err
        make_gym(admin, "pau")
        assert main(["retention", "--gym", "pau", "--set", "sessions", "60"]) == 0
        terms = {row["name"]: row["keep_days"] for row in map(json.loads, capsys.readouterr().out.splitlines())}
        assert (terms["sessions"], terms["heartbeats"]) == (60, 31)
        assert main(["retention", "--gym", "pau", "--run"]) == 1
        assert _count(admin, "select count(*) from app.retention_runs") == 0
        assert main(["retention", "--dry-run"]) == 0
        assert _count(admin, "select count(*) from app.retention_runs where not is_dry") == 0
        assert main(["retention", "--run"]) == 0
        assert _count(admin, "select count(*) from app.retention_runs where not is_dry") > 10

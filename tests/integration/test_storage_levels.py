"""What a gym keeps of what was said: everything, no personal data, or no words; with and without an analysis."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from bench.support.world import Gym, close_session, closed_session, make_gym, open_session
from jarvis import cli
from jarvis.search import Filters
from jarvis.storage import StorageLevel
from ml.conversations.openai import OpenAIEngine
from orchestration.batches import analyse_due, count_members, raise_alerts
from orchestration.enrichment import enrich_due
from orchestration.questions import KEEPS_NO_WORDS, ask
from orchestration.words import settle_left_behind, settle_people_s_words
from tests.conftest import Database
from tests.support.cue_word_engine import CueWordEngine
from tests.support.first_tier import seen_again, seen_by_everybody
from tests.support.hosted_provider import changed, hosted_engine, playing
from warehouse.stores import alert_messages, conversations, words
from warehouse.stores.alerts import count_feedback_without_words

SENTENCE = "Le tapis 4 est encore cassé, je m'appelle Zoubida Lovelace, rappelez-moi au 06 11 22 33 44 !"
PERSONAL = ("Zoubida", "Lovelace", "06 11 22 33 44", "ada@example.org")
SPOKEN = "encore cassé"


def make_talkative_gym(admin: psycopg.Connection, level: StorageLevel, slug: str = "pau") -> Gym:
    """A gym of this level whose member has an e-mail address."""
    gym = make_gym(admin, slug)
    admin.execute("update gyms set storage_level = %s where id = %s", [level, gym.gym_id])
    admin.execute("update gym_members_v2 set email = 'ada@example.org' where id = %s", [gym.member_id])
    return gym


def talk(admin: psycopg.Connection, gym: Gym, said: Sequence[str] = (SENTENCE, "Écrivez à ada@example.org.")) -> UUID:
    """A closed session with words in every place that holds words."""
    session_id = open_session(admin, gym, said)
    spoken = json.dumps({"text": " ".join(said)})
    admin.execute(
        "insert into realtime_events (session_id, gym_id, seq, occurred_at, direction, event_type, payload) "
        "values (%s, %s, 1, now(), 'upstream_in', 'x', %s)",
        [session_id, gym.gym_id, spoken],
    )
    admin.execute(
        "insert into tool_calls (session_id, gym_id, call_id, name, arguments, output) "
        "values (%s, %s, 'c1', 'report_issue', %s, %s)",
        [session_id, gym.gym_id, spoken, spoken],
    )
    admin.execute(
        "insert into member_goals (gym_id, member_id, kind, description) values (%s, %s, 'other', %s) "
        "on conflict do nothing",
        [gym.gym_id, gym.member_id, SENTENCE],
    )
    alert = admin.execute(
        "insert into manager_alerts (gym_id, session_id, alert_type, title, description, dedup_key, context) "
        "values (%s, %s, 'negative_feedback', 'Avis négatif', %s, %s, %s) returning id",
        [
            gym.gym_id, session_id, f"Transmis : {SENTENCE}", f"hand_over:{session_id}",
            json.dumps({"session_ids": [str(session_id)], "zone": "chez Zoubida", "turns": []}),
        ],
    ).fetchone()  # fmt: skip
    assert alert is not None
    admin.execute(
        "insert into staff_requests (gym_id, kiosk_id, session_id, member_id, call_id, kind, topic, text, alert_id) "
        "values (%s, %s, %s, %s, 'c1', 'complaint', 'equipment', %s, %s)",
        [gym.gym_id, gym.kiosk_id, session_id, gym.member_id, SENTENCE, alert[0]],
    )
    close_session(admin, session_id)
    return session_id


def dump_of(admin: psycopg.Connection, gym: Gym) -> dict[str, str]:
    """Every row of the gym in every table, as text; the member register itself apart."""
    tables = admin.execute(
        "select table_schema, table_name from information_schema.columns "
        "where table_schema in ('public', 'app') and column_name = 'gym_id' and table_name <> 'gym_members_v2'"
    ).fetchall()
    dump = {}
    for schema, table in tables:
        rows = admin.execute(
            sql.SQL("select coalesce(string_agg(rows::text, ' '), '') from {}.{} as rows where gym_id = %s").format(
                sql.Identifier(schema), sql.Identifier(table)
            ),
            [gym.gym_id],
        ).fetchone()
        assert rows is not None
        dump[table] = str(rows[0])
    return dump


def places_of(admin: psycopg.Connection, gym: Gym, needle: str) -> set[str]:
    return {table for table, text in dump_of(admin, gym).items() if needle.lower() in text.lower()}


def one(connection: psycopg.Connection, query: str, *parameters: object) -> Any:
    row = connection.execute(query, parameters).fetchone()  # type: ignore[call-overload]
    assert row is not None
    return row


def test_a_gym_that_keeps_everything_keeps_it(database: Database) -> None:
    """The words are in every place the other levels have to clean: this is what their dumps are compared with."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_talkative_gym(admin, StorageLevel.ALL)
        talk(admin, gym)
        seen_by_everybody(pipeline)
        assert places_of(admin, gym, SPOKEN) >= {
            "session_turns", "realtime_events", "tool_calls", "manager_alerts", "staff_requests", "member_goals",
        }  # fmt: skip
        assert settle_left_behind(pipeline) == 0


@pytest.mark.parametrize("level", [StorageLevel.WITHOUT_PERSONAL_DATA, StorageLevel.METADATA_ONLY])
def test_a_whole_dump_of_the_gym_holds_no_personal_data(database: Database, level: StorageLevel) -> None:
    """Names, phone and e-mail are in no column of no table once the alerts are raised; a neighbour's words stay."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym, neighbour = make_talkative_gym(admin, level), make_talkative_gym(admin, StorageLevel.ALL, "dax")
        talk(admin, gym)
        talk(admin, neighbour)
        before = dump_of(admin, neighbour)["session_turns"]
        seen_by_everybody(pipeline)
        assert {word: places_of(admin, gym, word) for word in PERSONAL} == {word: set() for word in PERSONAL}
        assert "Zoubida" in before
        assert places_of(admin, neighbour, "Zoubida") >= {"session_turns", "manager_alerts"}


def test_without_personal_data_the_rest_can_still_be_read(database: Database) -> None:
    """The sentence stands with marks in its gaps, in the alert's quote as in the turn, and is searched as it stands."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_talkative_gym(admin, StorageLevel.WITHOUT_PERSONAL_DATA)
        session_id = talk(admin, gym)
        seen_by_everybody(pipeline)
        (text, vector) = one(
            admin, "select text, search_words::text from session_turns where session_id = %s and position = 0",
            session_id,
        )  # fmt: skip
        quotes = admin.execute(
            "select quoted ->> 'text' from manager_alerts, jsonb_array_elements(context -> 'turns') as quoted "
            "where gym_id = %s and quoted ->> 'turn_id' = (select id::text from session_turns where session_id = %s "
            "and position = 0)",
            [gym.gym_id, session_id],
        ).fetchall()
        marks = one(
            admin, "select words_redacted_at is not null, words_forgotten_at from openai_realtime_sessions "
            "where id = %s", session_id,
        )  # fmt: skip
    assert text == "Le tapis 4 est encore cassé, je m'appelle [nom], rappelez-moi au [téléphone] !"
    assert "zoubid" not in vector
    assert "tap" in vector
    assert set(quotes) == {(text,)}
    assert marks == (True, None)


def test_with_metadata_only_no_word_stays_and_every_figure_does(database: Database) -> None:
    """Words, vector and protocol log are gone; labels, evidence's turn ids, times, alerts and counts stay."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_talkative_gym(admin, StorageLevel.METADATA_ONLY)
        session_id = talk(admin, gym)
        assert seen_by_everybody(pipeline).written.total() == 2
        assert places_of(admin, gym, SPOKEN) == set()
        assert places_of(admin, gym, "remercie") == places_of(admin, gym, "est cassé") == set()
        kept = one(
            admin,
            "select status, tier, sentiment_score::float, key_topics, outcome, summary_text, embedding, "
            "(select count(*) from jsonb_array_elements_text(evidence -> 'sentiment') as cited "
            "inner join session_turns on session_turns.id::text = cited.value) from conversation_summaries "
            "where session_id = %s",
            session_id,
        )
        turns = admin.execute(
            "select text, sentiment_label from session_turns where session_id = %s and role = 'member'", [session_id]
        ).fetchall()
        (negative,) = one(admin, "select negative_sentiment_count from member_analytics")
        alerts = admin.execute(
            "select alert_type, jsonb_array_length(context -> 'turns'), context -> 'turns' -> 0 ->> 'text' "
            "from manager_alerts where dedup_key not like 'hand_over%%' order by alert_type"
        ).fetchall()
        assert count_feedback_without_words(pipeline) == 1, "the handed-over one of this test quoted no turn before"
        with pytest.raises(conversations.UnknownSession):
            conversations.request_reanalysis(pipeline, str(session_id))
    assert kept == ("completed", "local", -0.8, ["equipment"], "unsolved", None, None, 2)
    assert turns == [("", "negative"), ("", "negative")]
    assert negative == 1
    assert alerts == [("equipment_issue", 1, ""), ("negative_feedback", 2, "")]


def test_a_provider_is_never_asked_about_a_gym_that_keeps_no_words(database: Database) -> None:
    """The enrichment is ruled out with the reason; a gym without personal data is enriched from redacted words."""
    with playing() as provider, database.admin() as admin, database.connect("pipeline") as pipeline:
        provider.answers = [changed(summary="Zoubida Lovelace signale une panne.")]
        engine: OpenAIEngine = hosted_engine(provider.url, embedding_model="")
        silent = make_talkative_gym(admin, StorageLevel.METADATA_ONLY)
        talk(admin, silent)
        seen_by_everybody(pipeline)
        assert enrich_due(pipeline, engine).claimed == 0
        assert provider.chats == []
        ruled = one(admin, "select enrichment_state, enrichment_reason from conversation_summaries")
        assert ruled == ("ruled_out", "its gym keeps no words")

        redacted = make_talkative_gym(admin, StorageLevel.WITHOUT_PERSONAL_DATA, "dax")
        talk(admin, redacted)
        seen_by_everybody(pipeline)
        assert enrich_due(pipeline, engine).enriched == 1
        seen_again(pipeline)
        assert {word: places_of(admin, redacted, word) for word in PERSONAL} == {word: set() for word in PERSONAL}
        assert [word for word in PERSONAL if word in json.dumps(provider.chats, ensure_ascii=False)] == []


@pytest.mark.parametrize(
    ("level", "status"), [(StorageLevel.METADATA_ONLY, "skipped"), (StorageLevel.WITHOUT_PERSONAL_DATA, "parked")]
)
def test_an_analysis_that_fails_three_times_leaves_no_words_behind(
    database: Database, level: StorageLevel, status: str
) -> None:
    """Parked: the words are at their level in the same transaction, and what has none left is not tried again."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_talkative_gym(admin, level)
        session_id = talk(admin, gym, (f"refused {SENTENCE}",))
        for _ in range(conversations.MAX_ATTEMPTS):
            admin.execute("update conversation_summaries set retry_at = null")
            analyse_due(pipeline, CueWordEngine())
        assert one(admin, "select status from conversation_summaries where session_id = %s", session_id) == (status,)
        assert {word: places_of(admin, gym, word) for word in PERSONAL} == {word: set() for word in PERSONAL}
        assert (places_of(admin, gym, SPOKEN) == set()) == (level is StorageLevel.METADATA_ONLY)


def test_alerts_that_are_refused_three_times_leave_no_words_behind(database: Database) -> None:
    """The alerts stage gives up: the words go all the same."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_talkative_gym(admin, StorageLevel.METADATA_ONLY)
        talk(admin, gym)
        analyse_due(pipeline, CueWordEngine())
        count_members(pipeline)
        admin.execute("alter table manager_alerts add constraint no_more check (dedup_key like 'hand_over%') not valid")
        for _ in range(conversations.MAX_ATTEMPTS):
            admin.execute("update conversation_summaries set alert_retry_at = null")
            raise_alerts(pipeline, negative_feedback_below=-0.5)
        assert one(admin, "select alert_retry_at = 'infinity' from conversation_summaries") == (True,)
        assert places_of(admin, gym, SPOKEN) == set()


def test_the_sweep_takes_who_did_not_agree_and_who_waited_too_long(database: Database) -> None:
    """Not analysed and never to be: the words go as well, and the row says why nothing was read."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_talkative_gym(admin, StorageLevel.METADATA_ONLY)
        refused = open_session(admin, gym, (SENTENCE,))
        admin.execute("update openai_realtime_sessions set has_analysis_consent = false where id = %s", [refused])
        close_session(admin, refused)
        waiting = closed_session(admin, gym, (SENTENCE,))
        assert words.count_unsettled(pipeline, grace=timedelta(0)) == 1
        pipeline.commit()
        assert settle_left_behind(pipeline) == 1
        assert places_of(admin, gym, SPOKEN) == {"session_turns"}, "one still waits for its analysis"
        admin.execute("set session_replication_role = replica")
        admin.execute(
            "update openai_realtime_sessions set started_at = started_at - %s, ended_at = ended_at - %s where id = %s",
            [words.LONGEST_WAIT, words.LONGEST_WAIT, waiting],
        )
        admin.execute("set session_replication_role = origin")
        assert settle_left_behind(pipeline) == 1
        assert settle_left_behind(pipeline) == 0
        assert words.count_unsettled(pipeline, grace=timedelta(0)) == 0
        assert places_of(admin, gym, SPOKEN) == set()
        statuses = dict(admin.execute("select session_id, last_error from conversation_summaries").fetchall())
    assert "to agree to the analysis" in statuses[refused]
    assert "keeps no words" in statuses[waiting]


def test_a_late_journal_brings_nothing_back_for_long(database: Database) -> None:
    """Words that a gateway replays after the analysis are gone again with the next sweep."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_talkative_gym(admin, StorageLevel.METADATA_ONLY)
        session_id = talk(admin, gym)
        seen_by_everybody(pipeline)
        admin.execute(
            "insert into realtime_events (session_id, gym_id, seq, occurred_at, direction, event_type, payload) "
            "values (%s, %s, 9, now(), 'upstream_in', 'x', %s)",
            [session_id, gym.gym_id, json.dumps({"text": SENTENCE})],
        )
        admin.execute(
            "insert into session_turns (session_id, gym_id, item_id, position, role, text, started_at) "
            "values (%s, %s, 'late', 9, 'member', %s, now())",
            [session_id, gym.gym_id, SENTENCE],
        )
        assert settle_left_behind(pipeline) == 1
        assert places_of(admin, gym, SPOKEN) == set()
        assert settle_left_behind(pipeline) == 0


def test_a_change_holds_from_the_next_session_on_and_past_ones_go_when_asked(database: Database) -> None:
    """Each session bears the level it was held under; `--past` lowers the earlier ones too; both are on record."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_talkative_gym(admin, StorageLevel.ALL)
        talk(admin, gym)
        seen_by_everybody(pipeline)
        words.set_storage_level(pipeline, gym_slug="pau", level=StorageLevel.METADATA_ONLY, is_past_too=False)
        pipeline.commit()
        assert settle_left_behind(pipeline) == 0
        stands = words.gym_storage(pipeline, gym_slug="pau")
        assert (stands.storage_level, stands.as_said, stands.without_words) == ("metadata_only", 1, 0)
        assert places_of(admin, gym, SPOKEN)

        words.set_storage_level(pipeline, gym_slug="pau", level=StorageLevel.METADATA_ONLY, is_past_too=True)
        pipeline.commit()
        assert settle_left_behind(pipeline) == 1
        assert places_of(admin, gym, SPOKEN) == set()
        audited = admin.execute("select action, details ->> 'to' from audit_log order by id").fetchall()
    assert audited == [
        ("storage_level_changed", "metadata_only"), ("storage_level_of_past_sessions", "metadata_only"),
    ]  # fmt: skip


def test_a_question_to_a_gym_that_keeps_no_words_is_told_so(database: Database) -> None:
    """No empty « je n'ai rien trouvé »: the reason."""
    with (
        database.admin() as admin,
        database.connect("pipeline") as pipeline,
        database.connect("dashboard") as dashboard,
    ):
        gym = make_talkative_gym(admin, StorageLevel.METADATA_ONLY)
        talk(admin, gym)
        seen_by_everybody(pipeline)
        (manager,) = one(
            admin,
            "insert into users (id, email, role, gym_id) values (gen_random_uuid(), 'm@pau.fr', 'gym_manager', %s) "
            "returning id",
            gym.gym_id,
        )
        answer, found = ask(
            dashboard, manager, slug="pau", question="Pourquoi le tapis est-il cassé ?", filters=Filters()
        )
    assert (answer.text, answer.is_supported, found) == (KEEPS_NO_WORDS, False, [])


def test_the_command_shows_and_sets_a_gyms_level(
    database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Shown without a level, set with one; an unknown gym and a lone --past are refused in a sentence."""
    monkeypatch.setattr(cli, "load_settings", lambda: database.settings)
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_talkative_gym(admin, StorageLevel.ALL)
        talk(admin, gym)
        seen_by_everybody(pipeline)
        told = []
        for arguments in ([], ["--level", "metadata_only", "--past"], []):
            assert cli.main(["gym", "storage", "--gym", "pau", *arguments]) == 0
            told.append(json.loads(capsys.readouterr().out))
            settle_left_behind(pipeline)
    assert [one["storage_level"] for one in told] == ["all", "metadata_only", "metadata_only"]
    assert [(one["as_said"], one["without_words"]) for one in told] == [(1, 0), (1, 0), (0, 1)]
    assert cli.main(["gym", "storage", "--gym", "nowhere"]) == 1
    assert "pau" in capsys.readouterr().err
    assert cli.main(["gym", "storage", "--gym", "pau", "--past"]) == 2


@pytest.mark.parametrize(
    ("level", "notes", "message"),
    [
        (StorageLevel.ALL, "Vu avec Ada Lovelace.", "Bonjour Ada, écrivez à ada@example.org."),
        (StorageLevel.WITHOUT_PERSONAL_DATA, "Vu avec [nom].", "Bonjour [nom], écrivez à [e-mail]."),
        (StorageLevel.METADATA_ONLY, "—", "—"),
    ],
)
def test_what_people_wrote_follows_once_they_are_done_with_it(
    database: Database, level: StorageLevel, notes: str, message: str
) -> None:
    """They stand as written while they are needed; after, they are at their level, once, by nobody's name."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_talkative_gym(admin, level)
        talk(admin, gym)
        seen_by_everybody(pipeline)
        (alert,) = one(
            admin, "select id from manager_alerts where alert_type = 'negative_feedback' and member_id is not null"
        )
        admin.execute(
            "insert into alert_messages (gym_id, alert_id, language, text) "
            "values (%s, %s, 'fr', 'Bonjour Ada, écrivez à ada@example.org.')",
            [gym.gym_id, alert],
        )
        assert settle_people_s_words(pipeline) == 0, "it is still open"
        admin.execute(
            "update manager_alerts set status = 'resolved', resolution_notes = 'Vu avec Ada Lovelace.' where id = %s",
            [alert],
        )
        assert len(words.claim_people_s_words(pipeline, batch_size=9, grace=timedelta(hours=1))) == 0
        pipeline.commit()
        assert settle_people_s_words(pipeline) == (level is not StorageLevel.ALL)
        assert settle_people_s_words(pipeline) == 0
        kept = one(
            admin,
            "select resolution_notes, (select text from alert_messages where alert_id = manager_alerts.id) "
            "from manager_alerts where id = %s",
            alert,
        )
        assert kept == (notes, message)
        with pytest.raises(psycopg.errors.CheckViolation, match="found a change of its ending"):
            pipeline.execute("update manager_alerts set resolution_notes = 'Autre chose.' where id = %s", [alert])


def test_a_draft_of_a_gym_without_personal_data_names_nobody(database: Database) -> None:
    """The greeting is there, the name is not."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        for level, slug, name in ((StorageLevel.ALL, "pau", "Ada"), (StorageLevel.WITHOUT_PERSONAL_DATA, "dax", None)):
            gym = make_talkative_gym(admin, level, slug)
            closed_session(admin, gym)
            seen_by_everybody(pipeline)
            drafts = {place: occasion.first_name for place, _, occasion in alert_messages.undrafted(pipeline)}
            assert drafts[gym.gym_id] == name

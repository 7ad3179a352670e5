"""Planted faults in what analyses and alerts rest on: each is found, and named by session and field."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest
from dagster import AssetCheckResult, AssetChecksDefinition

from bench.support.world import Gym, closed_session, make_gym
from orchestration.batches import analyse_due, count_members, raise_alerts
from orchestration.checks.evidence import (
    EVIDENCE_CHECKS,
    alerts_quote_what_was_said,
    every_claim_cites_a_turn,
    evidence_exists_in_its_session,
    summaries_quote_what_was_said,
)
from tests.conftest import Database
from tests.support.cue_word_engine import CueWordEngine
from tests.support.live_in_process import WarehouseAt
from warehouse.stores import conversations

SAID = ("Le tapis 4 est cassé, Ada Lovelace vous l'a dit.", "Je suis vraiment déçu.")


@dataclass(frozen=True)
class Analysed:
    """One complaint that went through the flow."""

    admin: psycopg.Connection
    warehouse: WarehouseAt
    gym: Gym
    session_id: UUID

    def plant(self, statement: LiteralString) -> None:
        """The fault is in the database."""
        assert self.admin.execute(statement).rowcount > 0

    def result(self, check: AssetChecksDefinition) -> AssetCheckResult:
        """What the check says."""
        found = check(self.warehouse)
        assert isinstance(found, AssetCheckResult)
        return found

    def metadata(self, check: AssetChecksDefinition) -> dict[str, Any]:
        """What a check that fails says beside it."""
        result = self.result(check)
        assert not result.passed
        return {name: value.value for name, value in result.metadata.items()}


@pytest.fixture
def analysed(database: Database) -> Iterator[Analysed]:
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        session_id = closed_session(admin, gym, SAID)
        analyse_due(pipeline, CueWordEngine())
        count_members(pipeline)
        raise_alerts(pipeline, negative_feedback_below=-0.5)
        yield Analysed(admin, WarehouseAt(address=database.url_for("pipeline")), gym, session_id)


def test_every_check_passes_on_what_the_flow_made(analysed: Analysed) -> None:
    """Nothing is found where nothing was planted."""
    assert [analysed.result(check).passed for check in EVIDENCE_CHECKS] == [True] * 4


@pytest.mark.parametrize(
    ("fault", "claims"),
    [
        ("set evidence = null", "emotion, intents, intents.complain, intents.report_issue, key_topics, "
         "key_topics.equipment, outcome, sentiment, summary"),
        ("set evidence = evidence - 'summary'", "summary"),
        ("set evidence = evidence || '{\"emotion\": []}'", "emotion"),
        ("set evidence = evidence || '{\"outcome\": \"t1\"}'", "outcome"),
        ("set evidence = evidence - 'key_topics.equipment'", "key_topics.equipment"),
        ("set key_topics = '{equipment,billing}'", "key_topics.billing"),
        ("set intents_detected = '{complain,praise}'", "intents.praise"),
        ("set action_items = jsonb_set(action_items, '{0,source_turn_ids}', '[]')", "action_items.1"),
        ("set action_items = action_items #- '{0,source_turn_ids}'", "action_items.1"),
        ("set issues = jsonb_set(issues, '{0,source_turn_ids}', '[]')", "issues.1"),
    ],
)  # fmt: skip
def test_a_claim_that_cites_nothing_is_named(analysed: Analysed, fault: LiteralString, claims: str) -> None:
    """Each kind of claim, by its session and its name."""
    analysed.plant("update conversation_summaries " + fault)
    found = analysed.metadata(every_claim_cites_a_turn)
    assert found["sessions"] == {str(analysed.session_id): claims}
    assert found["claims_without_turns"] == len(claims.split(", "))


def test_a_persons_own_label_needs_no_turn(analysed: Analysed) -> None:
    """What somebody corrected is that person's word; what the engine had said still cites its turns."""
    analysed.plant(
        "insert into label_corrections "
        "(gym_id, session_id, field, engine, engine_version, engine_value, corrected_value) "
        "select gym_id, session_id, 'topics', engine, engine_version, key_topics, '{billing}' "
        "from conversation_summaries"
    )
    analysed.plant("update conversation_summaries set key_topics = key_topics")
    shown = analysed.admin.execute("select key_topics from conversation_summaries").fetchone()
    assert shown == (["billing"],)
    assert analysed.result(every_claim_cites_a_turn).passed
    analysed.plant(
        "update conversation_summaries set evidence = evidence - 'key_topics.equipment', key_topics = '{equipment}'"
    )
    assert analysed.metadata(every_claim_cites_a_turn)["claims_without_turns"] == 1


@pytest.mark.parametrize(
    ("fault", "claim"),
    [
        ("update conversation_summaries set evidence = evidence || '{\"summary\": [\"made-up\"]}'", "summary"),
        ("update conversation_summaries set evidence = evidence || jsonb_build_object("
         "'intents.complain', jsonb_build_array(gen_random_uuid()))", "intents.complain"),
        ("update conversation_summaries set issues = jsonb_set(issues, '{0,source_turn_ids}', '[\"x\"]')", "issues.1"),
        ("update conversation_summaries "
         "set action_items = jsonb_set(action_items, '{0,source_turn_ids}', '[\"x\"]')", "action_items.1"),
        ("update action_items set source_turn_ids = '{x}'", "tasks.1"),
    ],
)  # fmt: skip
def test_a_citation_made_up_is_named(analysed: Analysed, fault: LiteralString, claim: str) -> None:
    """A turn that does not exist, wherever it is cited."""
    analysed.plant(fault)
    found = analysed.metadata(evidence_exists_in_its_session)
    assert (found["cited_turns_not_found"], found["sessions"]) == (1, {str(analysed.session_id): claim})


def test_a_turn_of_another_session_is_no_evidence(analysed: Analysed) -> None:
    """It exists, but nobody said it in this conversation."""
    closed_session(analysed.admin, analysed.gym)
    analysed.plant(
        "update conversation_summaries set evidence = jsonb_set(evidence, '{emotion}', (select jsonb_build_array(id) "
        "from session_turns where session_turns.session_id <> conversation_summaries.session_id limit 1)) "
        "where status = 'completed'"
    )
    found = analysed.metadata(evidence_exists_in_its_session)
    assert found["sessions"] == {str(analysed.session_id): "emotion"}


@pytest.mark.parametrize(
    ("summary", "is_true"),
    [
        ("Il dit : « Le tapis 4 est cassé, [nom] vous l'a dit ».", True),
        ("Il dit : « Je suis vraiment… ».", True),
        ("Il dit : « Le tapis 5 est cassé ».", False),
        ("Il dit : « Je suis vraiment déçu ». Il ajoute : « Je pars ».", False),
    ],
)
def test_a_summary_quotes_only_what_was_said(analysed: Analysed, summary: str, is_true: bool) -> None:
    """Names left out and cuts are honest; other words are not."""
    analysed.admin.execute("update conversation_summaries set summary_text = %s", [summary])
    if is_true:
        assert analysed.result(summaries_quote_what_was_said).passed
    else:
        assert analysed.metadata(summaries_quote_what_was_said)["sessions"] == [str(analysed.session_id)]


def test_a_summary_that_quotes_a_turn_it_does_not_cite_is_named(analysed: Analysed) -> None:
    """The words were said, but not where the summary says."""
    analysed.plant(
        "update conversation_summaries set summary_text = 'Il dit : « Je suis vraiment déçu ».', "
        "evidence = jsonb_set(evidence, '{summary}', "
        "(select jsonb_build_array(id) from session_turns where role = 'member' order by position limit 1))"
    )
    assert analysed.metadata(summaries_quote_what_was_said)["quotes_not_said"] == 1


@pytest.mark.parametrize(
    "fault",
    [
        "update manager_alerts set context = jsonb_set(context, '{turns,0,text}', '\"Je pars.\"')",
        "update manager_alerts set context = jsonb_set(context, '{turns,0,text}', 'null')",
        "update manager_alerts set context = jsonb_set(context, '{turns,0,turn_id}', '\"made-up\"')",
        "update manager_alerts set context = jsonb_set(context, '{session_ids}', '[]')",
        "delete from session_turns where role = 'member'",
    ],
)
def test_an_alert_that_quotes_what_was_not_said_is_named(analysed: Analysed, fault: LiteralString) -> None:
    """Other words, a turn that is not there, or one of a session that the alert does not name."""
    analysed.plant(fault)
    alerts = analysed.admin.execute("select id::text from manager_alerts").fetchall()
    found = analysed.metadata(alerts_quote_what_was_said)
    assert sorted(found["alerts"]) == sorted(alert_id for (alert_id,) in alerts)


def test_words_that_were_redacted_after_the_analysis_are_still_found(analysed: Analysed) -> None:
    """A gym that keeps no personal data: turns without names, quotes with them or without, and both checks pass."""
    analysed.plant(
        "update session_turns set text = replace(text, 'Ada Lovelace', '[nom]') where text like '%Ada Lovelace%'"
    )
    analysed.plant(
        "update conversation_summaries set summary_text = 'Il dit : « Le tapis 4 est cassé, [nom] vous l''a dit ».'"
    )
    assert analysed.result(alerts_quote_what_was_said).passed
    assert analysed.result(summaries_quote_what_was_said).passed


def test_words_that_were_dropped_after_the_analysis_are_counted_apart(analysed: Analysed) -> None:
    """A gym that keeps no words: nothing to compare, which the checks say; the cited turns are still looked for."""
    analysed.plant("update session_turns set text = ''")
    analysed.plant("update conversation_summaries set summary_text = 'Il dit : « Le tapis 4 est cassé ».'")
    summaries = analysed.result(summaries_quote_what_was_said)
    alerts = analysed.result(alerts_quote_what_was_said)
    assert summaries.passed and alerts.passed
    assert summaries.metadata["words_not_kept"].value == 1
    assert alerts.metadata["words_not_kept"].value == 3, "two in the member's alert, one in the machine's"
    assert analysed.result(evidence_exists_in_its_session).passed
    analysed.plant("delete from session_turns where role = 'member'")
    assert not analysed.result(evidence_exists_in_its_session).passed


def unfounded(analysed: Analysed) -> tuple[Any, ...] | None:
    """What stands with the analysis, as everybody reads it."""
    return analysed.admin.execute(
        "select unfounded_claims, unfounded_claim_count from conversation_summaries where session_id = %s",
        [analysed.session_id],
    ).fetchone()


def test_what_the_checks_find_stands_with_the_analysis_until_it_is_mended(analysed: Analysed) -> None:
    """Each check writes and takes off its own findings only; a new analysis begins without any."""
    analysed.plant(
        "update conversation_summaries set evidence = evidence - 'emotion' || '{\"outcome\": [\"made-up\"]}'"
    )
    analysed.plant("update conversation_summaries set summary_text = 'Il dit : « Le tapis 5 est cassé ».'")
    analysed.plant("update manager_alerts set context = jsonb_set(context, '{turns,0,text}', '\"Je pars.\"')")
    alerts = sorted(f"alert.{row[0]}" for row in analysed.admin.execute("select id from manager_alerts"))
    for check in EVIDENCE_CHECKS:
        assert not analysed.result(check).passed
    found = {
        "no_turn": ["emotion"],
        "turn_not_found": ["outcome"],
        "quote_not_said": ["summary"],
        "alert_quote_not_said": alerts,
    }
    assert unfounded(analysed) == (found, 3 + len(alerts))
    analysed.plant(
        "update conversation_summaries set evidence = jsonb_set(evidence, '{emotion}', evidence -> 'summary')"
    )
    for check in EVIDENCE_CHECKS:
        analysed.result(check)
    assert unfounded(analysed) == ({name: found[name] for name in found if name != "no_turn"}, 2 + len(alerts))
    with psycopg.connect(analysed.warehouse.url()) as pipeline:
        conversations.request_reanalysis(pipeline, str(analysed.session_id))
        pipeline.commit()
        analyse_due(pipeline, CueWordEngine())
    assert unfounded(analysed) == ({}, 0)


def test_what_was_found_long_ago_stays(analysed: Analysed) -> None:
    """The checks look at a day; what they found while it was new is not forgotten when the day is over."""
    analysed.plant("update conversation_summaries set evidence = evidence - 'emotion'")
    analysed.result(every_claim_cites_a_turn)
    analysed.plant("update conversation_summaries set analysed_at = now() - interval '3 days'")
    assert analysed.result(every_claim_cites_a_turn).passed
    assert unfounded(analysed) == ({"no_turn": ["emotion"]}, 1)

"""A member's choices by purpose: no analysis holds their health, no answer uses their record, where they said no."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from psycopg import AsyncConnection, Connection
from psycopg.types.json import Jsonb

from bench.support.world import Gym, closed_session, make_gym
from jarvis.consents import NOTICE_VERSION
from jarvis.conversations import Analysis, AnalysisFailure, Conversation, Intent, Topic
from jarvis.evidence import claim_of
from ml.conversations.local import LocalEngine
from orchestration.batches import analyse_due, count_members, raise_alerts
from orchestration.checks.evidence import EVIDENCE_CHECKS
from orchestration.enrichment import enrich_due
from tests.conftest import Database
from tests.support.cue_word_engine import CueWordEngine
from tests.support.live_in_process import WarehouseAt
from warehouse.stores import conversations
from warehouse.stores.kiosks import identify_badge
from warehouse.stores.privacy import record_consent

SAID = ("Le tapis 4 est cassé, et moi je suis diabétique.",)


class Nosy(CueWordEngine):
    """Repeats all it heard, and says that it was about health and nothing else."""

    def analyse(self, conversations: Sequence[Conversation]) -> list[Analysis | AnalysisFailure]:
        said = {one.session_id: one for one in conversations}
        return [
            one if isinstance(one, AnalysisFailure) else _nosy(one, said[one.session_id])
            for one in super().analyse(conversations)
        ]


def _nosy(one: Analysis, conversation: Conversation) -> Analysis:
    turn_ids = tuple(turn.turn_id for turn in conversation.member_turns)
    heard = " ".join(turn.text for turn in conversation.member_turns)
    return replace(
        one,
        summary=f"Il dit : « {heard} ».",
        key_topics=(Topic.INJURY_HEALTH,),
        intents=(Intent.COMPLAIN, Intent.REPORT_INJURY),
        action_items=tuple(replace(item, text=heard) for item in one.action_items),
        evidence={
            **one.evidence,
            claim_of("key_topics", Topic.INJURY_HEALTH): turn_ids,
            claim_of("intents", Intent.REPORT_INJURY): turn_ids,
        },
        turns=tuple(replace(turn, intents=(Intent.REPORT_INJURY,)) for turn in one.turns),
    )


@pytest.fixture
def admin(database: Database) -> Iterator[Connection]:
    """The superuser."""
    with database.admin() as admin:
        yield admin


def say(admin: Connection, gym: Gym, purpose: str, answer: bool | None) -> None:
    if answer is not None:
        record_consent(admin, gym.member_id, purpose=purpose, is_granted=answer, notice_version=NOTICE_VERSION)


def kept_of(admin: Connection, session_id: UUID) -> str:
    """All that the analysis and the alerts keep of the session, as text."""
    row = admin.execute(
        "select concat_ws(' ', summary_text, key_topics, intents_detected, evidence, action_items, issues, "
        "(select string_agg(concat_ws(' ', text, source_turn_ids), ' ') from action_items where session_id = %(id)s), "
        "(select string_agg(intents::text, ' ') from session_turns where session_id = %(id)s), "
        "(select string_agg(concat_ws(' ', title, description, context), ' ') from manager_alerts "
        "where session_id = %(id)s)) from conversation_summaries where session_id = %(id)s",
        {"id": session_id},
    ).fetchone()
    assert row is not None
    return str(row[0])


def stages(database: Database) -> None:
    with database.connect("pipeline") as pipeline:
        analyse_due(pipeline, Nosy())
        count_members(pipeline)
        raise_alerts(pipeline, negative_feedback_below=-0.5)


@pytest.mark.parametrize(("answer", "is_kept"), [(None, False), (False, False), (True, True)])
def test_health_is_in_no_analysis_without_the_members_yes(
    database: Database, admin: Connection, answer: bool | None, is_kept: bool
) -> None:
    """Neither the detail nor a label that tells of one, in summary, tasks, alerts or turns; the rest is all there."""
    gym = make_gym(admin)
    say(admin, gym, "health", answer)
    session_id = closed_session(admin, gym, SAID)
    stages(database)
    kept = kept_of(admin, session_id)
    told = [word in kept for word in ("diabétique", "injury_health", "report_injury")]
    assert told == [is_kept] * 3
    assert "tapis 4" in kept.lower() and "complain" in kept
    topics = admin.execute("select key_topics from conversation_summaries").fetchone()
    assert topics == (["injury_health"] if is_kept else ["other"],)
    warehouse = WarehouseAt(address=database.url_for("pipeline"))
    found = [check(warehouse) for check in EVIDENCE_CHECKS]
    assert [result.passed for result in found] == [True] * 4  # type: ignore[union-attr]
    said = admin.execute("select text from session_turns where role = 'member'").fetchone()
    assert said == SAID, "what was said stays as the gym's storage level says"


@pytest.mark.parametrize(("answer", "is_kept"), [(None, False), (False, False), (True, True)])
def test_what_a_tool_handed_on_says_no_more_of_health_than_the_analysis(
    database: Database, admin: Connection, answer: bool | None, is_kept: bool
) -> None:
    """The assistant passes words on while the member speaks; alert and request lose the detail with the analysis."""
    gym = make_gym(admin)
    say(admin, gym, "health", answer)
    session_id = closed_session(admin, gym, SAID)
    turn = admin.execute("select id, text, started_at from session_turns where role = 'member'").fetchone()
    assert turn is not None
    quote = {"turn_id": str(turn[0]), "text": turn[1], "said_at": turn[2].isoformat()}
    elsewhere = {**quote, "turn_id": str(UUID(int=7))}
    admin.execute(
        "insert into staff_requests (gym_id, kiosk_id, session_id, member_id, call_id, kind, topic, text) "
        "values (%s, %s, %s, %s, 'call_1', 'complaint', 'other', %s)",
        [gym.gym_id, gym.kiosk_id, session_id, gym.member_id, SAID[0]],
    )
    admin.execute(
        "insert into manager_alerts (gym_id, member_id, kiosk_id, session_id, alert_type, title, description, context, "
        "dedup_key) values (%s, %s, %s, %s, 'negative_feedback', 'Avis', %s, %s, 'told')",
        [gym.gym_id, gym.member_id, gym.kiosk_id, session_id, SAID[0],
         Jsonb({"session_ids": [str(session_id)], "turns": [quote, elsewhere]})],
    )  # fmt: skip
    stages(database)
    requested = admin.execute("select text from staff_requests").fetchone()
    told = admin.execute(
        "select description, context -> 'turns' from manager_alerts where dedup_key = 'told'"
    ).fetchone()
    assert requested is not None and told is not None
    words = [requested[0], told[0], told[1][0]["text"]]
    assert [("diabétique" in one, "tapis 4" in one) for one in words] == [(is_kept, True)] * 3
    assert told[1][1] == elsewhere, "another talk's words are that talk's"


def test_a_withdrawn_yes_holds_from_the_next_analysis_on(database: Database, admin: Connection) -> None:
    """The newest answer counts, also for a conversation that is analysed again."""
    gym = make_gym(admin)
    say(admin, gym, "health", True)
    session_id = closed_session(admin, gym, SAID)
    stages(database)
    say(admin, gym, "health", False)
    with database.connect("pipeline") as pipeline:
        conversations.request_reanalysis(pipeline, str(session_id))
    stages(database)
    summary = admin.execute("select summary_text, key_topics from conversation_summaries").fetchone()
    assert summary == ("Il dit : « Le tapis 4 est cassé, et moi je suis [santé]. ».", ["other"])


def test_nobodys_words_are_kept_as_they_are(database: Database, admin: Connection) -> None:
    """Without a badge there is no record of anybody that could grow."""
    session_id = closed_session(admin, make_gym(admin), SAID, is_member_known=False)
    stages(database)
    assert "injury_health" in kept_of(admin, session_id)


def test_a_hosted_engine_says_nothing_of_health_either(database: Database, admin: Connection) -> None:
    """The second tier hears and tells as little as the first."""
    gym = make_gym(admin)
    session_id = closed_session(admin, gym, SAID)
    stages(database)
    admin.execute("update conversation_summaries set enrichment_state = 'waiting'")
    admin.execute("insert into app.enrichments (session_id, gym_id) values (%s, %s)", [session_id, gym.gym_id])
    engine = Nosy()
    engine.name, engine.version = "openai", "nosy"
    with database.connect("pipeline") as pipeline:
        assert enrich_due(pipeline, engine).enriched == 1
    kept = kept_of(admin, session_id)
    assert not any(word in kept for word in ("diabétique", "injury_health", "report_injury"))


def test_the_local_engine_makes_no_sentence_of_it(database: Database, admin: Connection) -> None:
    """Summary and tasks are written from labels that are gone before."""
    gym = make_gym(admin)
    said = ("Je me suis blessé au genou hier sur la presse, j'ai une tendinite, je fais quoi ?",)
    engine = LocalEngine.load()
    kept = []
    for answer in (True, False):
        say(admin, gym, "health", answer)
        session_id = closed_session(admin, gym, said)
        with database.connect("pipeline") as pipeline:
            analyse_due(pipeline, engine)
        kept.append(kept_of(admin, session_id))
    words = ("injury_health", "report_injury", "santé", "tendinite")
    assert any(word in kept[0] for word in words)
    assert not any(word in kept[1].replace("[santé]", "") for word in words)


@pytest.mark.parametrize(("answer", "style"), [(None, "direct"), (True, "direct"), (False, "friendly")])
def test_whoever_wants_nothing_personal_is_greeted_by_name_only(
    database: Database, admin: Connection, answer: bool | None, style: str
) -> None:
    """The way they like to be spoken to is a preference on record, and is not used."""
    gym = make_gym(admin)
    admin.execute(
        "insert into member_preferences (member_id, gym_id, communication_style, language) "
        "values (%s, %s, 'direct', 'es')",
        [gym.member_id, gym.gym_id],
    )
    say(admin, gym, "personalisation", answer)

    async def ask() -> Any:
        connection = await AsyncConnection.connect(database.url_for("gateway"))
        async with connection:
            return await identify_badge(connection, kiosk_id=gym.kiosk_id, badge_id="0001")

    badge = asyncio.run(ask())
    assert (badge.member.first_name, badge.member.language, badge.member.communication_style) == ("Ada", "es", style)

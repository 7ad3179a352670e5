"""What users of other voice gateways complain of, twenty failures: one test for each row of that list.

A real gateway, a real database and the stand-in, which fails on demand. Each docstring begins with its row.
"""

import asyncio
import re
import socket
import sys
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row
from websockets.exceptions import ConnectionClosed

from jarvis.settings import Settings
from tests.conftest import Database, cloned_database
from tests.support.gateway_processes import (
    GatewayProcess,
    make_network,
    new_token,
    running_gateway,
    running_standin,
    wait_until,
)
from tests.support.raw_kiosk import RawKiosk, raw_kiosk
from voice_gateway.apologies import Trouble, apology
from voice_gateway.standin.audio import silence
from voice_gateway.standin.voice import speak

HOURS = "Quels sont les horaires d'ouverture ?"
COMPLAINT = "Les douches sont sales, c'est inadmissible"
AGAIN = "Pouvez-vous répéter ?"
# Answered without any tool.
THANKS = "Merci"


@dataclass
class Stage:
    """What the tests share: a gateway, its upstream and its database."""

    database: Database
    standin_port: int
    gateway: GatewayProcess
    token: str

    def kiosk(self) -> AbstractAsyncContextManager[RawKiosk]:
        """A connection to the gateway."""
        return raw_kiosk(self.gateway.url, self.token, self.standin_port)

    def rows(self, query: str, session_id: str) -> list[dict[str, Any]]:
        """Rows as the administrator sees them; `%s` is the session."""
        with psycopg.connect(self.database.url_for("admin"), row_factory=dict_row) as connection:
            return connection.execute(query, [session_id]).fetchall()  # type: ignore[arg-type]

    def closed(self, session_id: str) -> str:
        """The reason on record, once the session is closed."""
        query = "select close_reason from openai_realtime_sessions where id = %s and state = 'closed'"
        return str(wait_until(lambda: self.rows(query, session_id), seconds=20, what="the close")[0]["close_reason"])

    def turns(self, session_id: str) -> list[tuple[str, str]]:
        """Who said what, on record, in order."""
        query = "select role, text from session_turns where session_id = %s order by position"
        return [(row["role"], row["text"]) for row in self.rows(query, session_id)]


@pytest.fixture(scope="module")
def house(
    server_settings: Settings, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Database, int]]:
    """A database with a gym in it, and a stand-in upstream."""
    home = tmp_path_factory.mktemp("house")
    with (
        cloned_database(server_settings, template_database, home) as database,
        running_standin(home / "standin.log") as standin_port,
    ):
        with database.admin() as connection:
            make_network(connection)
        yield database, standin_port


def staged(house: tuple[Database, int], name: str, *, switches: str = "", **session: object) -> Iterator[Stage]:
    """A gateway of its own settings, whose upstream connections have those switches from their start."""
    database, port = house
    url = f"ws://127.0.0.1:{port}/v1/realtime{switches}"
    log = database.settings.home / f"{name}.log"
    quick = {"RETRY_FIRST_SECONDS": 0.1, "PING_SECONDS": 1, **session}
    with running_gateway(database.settings, standin_port=port, log=log, realtime_url=url, session=quick) as gateway:
        yield Stage(database, port, gateway, new_token(database.settings, gateway, name=name))


@pytest.fixture(scope="module")
def stage(house: tuple[Database, int]) -> Iterator[Stage]:
    """The gateway of most tests."""
    yield from staged(house, "stage")


@pytest.fixture
def short_lived(house: tuple[Database, int]) -> Iterator[Stage]:
    """Its upstream cuts each connection after four seconds, and says so."""
    yield from staged(house, "short-lived", switches="?session_max_seconds=4")


@pytest.fixture
def impatient(house: tuple[Database, int]) -> Iterator[Stage]:
    """Waits not at all for a member who says nothing."""
    yield from staged(house, "impatient", IDLE_SECONDS=2, PERSONAL_IDLE_SECONDS=2)


@pytest.fixture
def leisurely(house: tuple[Database, int]) -> Iterator[Stage]:
    """Waits long between two tries."""
    yield from staged(house, "leisurely", RETRY_FIRST_SECONDS=60, RETRY_LONGEST_SECONDS=60)


@pytest.fixture
def stubborn(house: tuple[Database, int]) -> Iterator[Stage]:
    """Its upstream drops every connection after a moment."""
    yield from staged(house, "stubborn", switches="?eof_after_ms=150", RETRY_FIRST_SECONDS=0.01, RECONNECTS=4)


@pytest.fixture
def locked_out(house: tuple[Database, int]) -> Iterator[Stage]:
    """Its upstream refuses the key."""
    yield from staged(house, "locked-out", switches="?unauthorized=1", RETRY_FIRST_SECONDS=60)


def test_a_session_outlives_the_providers_hour(short_lived: Stage) -> None:
    """Row 1. The connection is replaced before its end: nothing is heard of it, one session, the context carried."""

    async def talk() -> tuple[str, str, RawKiosk]:
        async with short_lived.kiosk() as kiosk:
            session_id = await kiosk.badge()
            first = await kiosk.ask(COMPLAINT)
            await asyncio.to_thread(wait_until, lambda: len(renewals(session_id)) >= 2, seconds=20, what="two renewals")
            assert first in await kiosk.ask(AGAIN)
            return session_id, await kiosk.end(), kiosk

    def renewals(session_id: str) -> list[dict[str, Any]]:
        query = "select from realtime_events where session_id = %s and event_type = 'upstream.renewed'"
        return short_lived.rows(query, session_id)

    session_id, reason, kiosk = asyncio.run(talk())
    assert kiosk.states() == ["connecting", "ready"]
    assert len(kiosk.of_type("session.created")) == 1 and not kiosk.of_type("error")
    assert [role for role, _ in short_lived.turns(session_id)] == ["member", "assistant"] * 2
    assert reason == short_lived.closed(session_id) == "member_left"


def test_a_cut_without_warning_is_mended(stage: Stage) -> None:
    """Row 1. Close 1001 in mid-session: the kiosk is told the truth, and the conversation goes on where it was."""

    async def talk() -> tuple[str, RawKiosk]:
        async with stage.kiosk() as kiosk:
            session_id = await kiosk.badge()
            first = await kiosk.ask(COMPLAINT)
            await kiosk.fault(session_max_seconds=0)
            await kiosk.event("kiosk.upstream", state="retrying", message=apology(Trouble.RETRYING, "fr"))
            await kiosk.until(lambda: kiosk.states()[-1] == "ready", "the new upstream")
            assert first in await kiosk.ask(AGAIN)
            await kiosk.end()
            return session_id, kiosk

    session_id, kiosk = asyncio.run(talk())
    assert len(kiosk.of_type("kiosk.ready")) == len(kiosk.of_type("kiosk.member.identified")) == 1
    assert [role for role, _ in stage.turns(session_id)] == ["member", "assistant"] * 2
    assert stage.closed(session_id) == "member_left"


def test_a_race_for_the_active_response_is_harmless(stage: Stage) -> None:
    """Row 2. After a tool's result the server has begun a response already: ours is refused, theirs is heard."""

    async def talk() -> tuple[str, RawKiosk]:
        async with stage.kiosk() as kiosk:
            await kiosk.badge()
            # Speech is answered without a response.create: the first one is ours, after the tool's result.
            await kiosk.fault(active_response_race=True)
            await kiosk.say(COMPLAINT)
            answer = await kiosk.answer(after=0)
            await kiosk.ask(AGAIN)
            await kiosk.end()
            return answer, kiosk

    answer, kiosk = asyncio.run(talk())
    assert answer and not kiosk.of_type("error")
    assert "conversation_already_has_active_response" in errors_on_record(stage, kiosk.session_id)


def errors_on_record(stage: Stage, session_id: str) -> list[str]:
    """The codes of the upstream's errors in one session."""
    query = """
        select payload -> 'error' ->> 'code' as code from realtime_events
        where session_id = %s and event_type = 'error' and direction = 'upstream_in'
    """
    return [row["code"] for row in stage.rows(query, session_id)]


def test_benign_errors_leave_the_session_alone(stage: Stage) -> None:
    """Row 3. Cancelling nothing, committing nothing, looking for nothing: an error each, and the talk goes on."""

    async def talk() -> tuple[list[str], str]:
        async with stage.kiosk() as kiosk:
            await kiosk.badge()
            await kiosk.send("response.cancel")
            await kiosk.send("input_audio_buffer.commit")
            await kiosk.send("conversation.item.retrieve", item_id="item_nowhere")
            await kiosk.until(lambda: len(kiosk.of_type("error")) == 3, "three errors")
            answer = await kiosk.ask(COMPLAINT)
            assert await kiosk.end() == "member_left"
            return [event["error"]["code"] for event in kiosk.of_type("error")], answer

    codes, answer = asyncio.run(talk())
    assert codes == [
        "response_cancel_not_active", "input_audio_buffer_commit_empty", "item_retrieve_invalid_item_id",
    ]  # fmt: skip
    assert answer


def test_a_truncation_beyond_the_answer_does_not_silence_it(stage: Stage) -> None:
    """Row 4. Past the produced sound it is brought back to it, before the first sound it is refused; both go on."""

    async def talk() -> RawKiosk:
        async with stage.kiosk() as kiosk:
            await kiosk.badge()
            await kiosk.send("conversation.item.truncate", item_id="item_unborn", content_index=0, audio_end_ms=0)
            await kiosk.event("error")
            await kiosk.fault(delta_pacing=5)
            await kiosk.type_text(THANKS)
            await kiosk.send("response.create")
            item_id = (await kiosk.event("response.output_audio.delta"))["item_id"]
            place = {"item_id": item_id, "content_index": 0}
            await kiosk.send("conversation.item.truncate", audio_end_ms=900_000, **place)
            await kiosk.event("conversation.item.truncated")
            await kiosk.fault()
            await kiosk.send("response.cancel")
            await kiosk.event("response.done")
            assert await kiosk.ask(AGAIN)
            await kiosk.end()
            return kiosk

    kiosk = asyncio.run(talk())
    assert 0 < kiosk.of_type("conversation.item.truncated")[0]["audio_end_ms"] <= kiosk.produced_ms()
    assert len(kiosk.of_type("error")) == 1


def test_the_gateway_truncates_what_was_not_heard(stage: Stage) -> None:
    """Row 5. A member speaks over the answer: the model is told where it was cut, though the kiosk sent no truncate."""
    kiosk, item_id = asyncio.run(barge_in(stage, played_ms=700))
    cut = kiosk.of_type("conversation.item.truncated")[0]
    assert (cut["item_id"], cut["audio_end_ms"]) == (item_id, 700)
    place = kiosk.events.index(cut)
    assert not [
        event
        for event in kiosk.events[place:]
        if event["type"] == "response.output_audio.delta" and event["item_id"] == item_id
    ]


async def barge_in(stage: Stage, *, played_ms: int) -> tuple[RawKiosk, str]:
    """A member speaks while an answer plays, of which so much was played; the answer's item."""
    async with stage.kiosk() as kiosk:
        await kiosk.badge()
        await kiosk.fault(delta_pacing=2)
        await kiosk.type_text(THANKS)
        await kiosk.send("response.create")
        await kiosk.until(lambda: len(kiosk.of_type("response.output_audio.delta")) >= 4, "some of the answer")
        item_id = str(kiosk.of_type("response.output_audio.delta")[0]["item_id"])
        await kiosk.send("kiosk.playback", item_id=item_id, played_ms=played_ms)
        # The next answer comes quickly; this one keeps the pace it began with.
        await kiosk.fault()
        await kiosk.say(AGAIN)
        await kiosk.event("conversation.item.truncated")
        await kiosk.answer(after=kiosk.events.index(kiosk.of_type("conversation.item.truncated")[0]))
        await kiosk.end()
        return kiosk, item_id


def test_a_late_transcript_keeps_its_place(stage: Stage) -> None:
    """Row 6. The member's words come after the answer to them: on record they stand before it."""

    async def talk() -> RawKiosk:
        async with stage.kiosk() as kiosk:
            await kiosk.badge()
            await kiosk.fault(transcription_delay_ms=1500)
            await kiosk.say(COMPLAINT)
            await kiosk.event("conversation.item.input_audio_transcription.completed")
            await kiosk.end()
            return kiosk

    kiosk = asyncio.run(talk())
    order = [event["type"] for event in kiosk.events]
    assert order.index("response.output_audio_transcript.done") < order.index(
        "conversation.item.input_audio_transcription.completed"
    )
    (first, words), (second, _) = stage.turns(kiosk.session_id)
    assert (first, second) == ("member", "assistant") and "douches" in words.lower()


def test_a_failed_transcription_is_a_turn(stage: Stage) -> None:
    """Row 7. Nobody knows what was said, but somebody spoke: the kiosk hears of it, the record has the turn."""

    async def talk() -> str:
        async with stage.kiosk() as kiosk:
            session_id = await kiosk.badge()
            await kiosk.fault(transcription_fails=True)
            await kiosk.say(COMPLAINT)
            await kiosk.event("conversation.item.input_audio_transcription.failed")
            await kiosk.answer(after=0)
            await kiosk.end()
            return session_id

    session_id = asyncio.run(talk())
    turns = stage.rows(
        "select role, text, status from session_turns where session_id = %s order by position", session_id
    )
    assert (turns[0]["role"], turns[0]["text"], turns[0]["status"]) == ("member", "", "failed")
    assert turns[1]["role"] == "assistant"


def test_the_language_is_pinned(stage: Stage) -> None:
    """Row 8. The transcription's language and the prompt's are the gateway's, whatever the client asks for."""

    async def talk() -> RawKiosk:
        async with stage.kiosk() as kiosk:
            await kiosk.badge()
            foreign = {"input": {"transcription": {"model": "whisper-1", "language": "ja"}}}
            await kiosk.send("session.update", session={"type": "realtime", "instructions": "日本語", "audio": foreign})
            await kiosk.event("session.updated")
            await kiosk.end()
            return kiosk

    kiosk = asyncio.run(talk())
    effective = kiosk.of_type("session.updated")[0]["session"]["audio"]["input"]["transcription"]
    assert (effective["model"], effective["language"]) == ("gpt-realtime-whisper", "fr")
    query = (
        "select direction, payload -> 'session' ->> 'instructions_length' as length from realtime_events "
        "where session_id = %s and event_type in ('session.update', 'session.updated') order by seq"
    )
    lengths = stage.rows(query, kiosk.session_id)
    ours = next(row["length"] for row in lengths if row["direction"] == "upstream_out")
    assert {row["length"] for row in lengths if row["direction"] == "upstream_in"} == {ours}
    assert [row["length"] for row in lengths if row["direction"] == "kiosk_in"] == [str(len("日本語"))]


def test_a_tool_runs_once_however_often_it_is_told(stage: Stage) -> None:
    """Row 9. A call told twice, and a result lost with the upstream: one run, one row, and the answer comes."""

    async def talk() -> tuple[str, str]:
        async with stage.kiosk() as kiosk:
            session_id = await kiosk.badge()
            await kiosk.fault(duplicate_tool_calls=True, ttfb_ms=500)
            seen = len(kiosk.events)
            await kiosk.type_text(HOURS)
            await kiosk.send("response.create")
            await kiosk.event("response.created", after=seen)
            # The answer to the result waits long enough to be lost.
            await kiosk.fault(duplicate_tool_calls=True, ttfb_ms=10_000)
            called = await kiosk.event("response.done", after=seen)
            assert called["response"]["metadata"] == {"jarvis_continues": "true"}
            await kiosk.until(lambda: len(kiosk.of_type("response.created")) == 2, "the response to the result")
            await kiosk.fault(eof_after_ms=0)
            await kiosk.event("kiosk.upstream", state="retrying")
            answer = await kiosk.answer(after=seen)
            await kiosk.end()
            return session_id, answer

    session_id, answer = asyncio.run(talk())
    calls = stage.rows("select name, status from tool_calls where session_id = %s", session_id)
    assert [(call["name"], call["status"]) for call in calls] == [("get_opening_hours", "done")]
    assert re.search(r"\d\d:\d\d|fermé", answer)


def test_cached_tokens_are_paid_once_and_sound_as_sound(stage: Stage) -> None:
    """Row 10. Cached tokens are a part of the input at their own price; each modality has its own."""

    async def talk() -> str:
        async with stage.kiosk() as kiosk:
            session_id = await kiosk.badge()
            await kiosk.ask(THANKS)
            await kiosk.ask(AGAIN)
            await kiosk.end()
            return session_id

    bills = stage.rows("select * from realtime_usage where session_id = %s", asyncio.run(talk()))
    assert any(bill["cached_text_tokens"] for bill in bills)
    assert all(bill["audio_output_tokens"] for bill in bills)
    for bill in bills:
        cost = (
            (bill["text_input_tokens"] - bill["cached_text_tokens"]) * Decimal("0.60")
            + bill["cached_text_tokens"] * Decimal("0.06")
            + bill["text_output_tokens"] * Decimal("2.40")
            + (bill["audio_input_tokens"] - bill["cached_audio_tokens"]) * 10
            + bill["cached_audio_tokens"] * Decimal("0.30")
            + bill["audio_output_tokens"] * 20
        ) / 1_000_000
        assert abs(bill["cost_usd"] - cost) <= Decimal("0.000001")


@pytest.mark.parametrize("fault", ["rate_limited", "server_error"])
def test_a_refused_answer_is_no_silence(stage: Stage, fault: str) -> None:
    """Row 11. The kiosk is told that it takes a moment, and the answer is asked for again until it comes."""

    async def talk() -> RawKiosk:
        async with stage.kiosk() as kiosk:
            await kiosk.badge()
            await kiosk.fault(**{fault: True})
            seen = len(kiosk.events)
            await kiosk.type_text(COMPLAINT)
            await kiosk.send("response.create")
            await kiosk.event("kiosk.upstream", state="retrying", message=apology(Trouble.BUSY, "fr"))
            await kiosk.fault()
            assert await kiosk.answer(after=seen)
            await kiosk.end()
            return kiosk

    kiosk = asyncio.run(talk())
    assert kiosk.states()[-1] == "ready"
    failed = next(event for event in kiosk.of_type("response.done") if event["response"]["status"] == "failed")
    assert failed["response"]["metadata"] == {"jarvis_continues": "true"}


def test_an_answer_that_stays_refused_is_given_up_aloud(stage: Stage) -> None:
    """Row 11. Two more tries, then an honest sentence; the session stays for the next question."""

    async def talk() -> RawKiosk:
        async with stage.kiosk() as kiosk:
            await kiosk.badge()
            await kiosk.fault(rate_limited=True)
            await kiosk.type_text(THANKS)
            await kiosk.send("response.create")
            await kiosk.event("kiosk.upstream", state="ready", message=apology(Trouble.REFUSED, "fr"))
            await kiosk.fault()
            assert await kiosk.ask(THANKS)
            await kiosk.end()
            return kiosk

    kiosk = asyncio.run(talk())
    assert [event["response"]["status"] for event in kiosk.of_type("response.done")].count("failed") == 3


def test_a_kiosk_that_is_gone_costs_nothing_more(stage: Stage) -> None:
    """Row 12. Its socket breaks in the middle of an answer: the upstream is hung up, and the session closed."""

    async def talk() -> str:
        async with stage.kiosk() as kiosk:
            before = open_upstreams()
            session_id = await kiosk.badge()
            await kiosk.fault(delta_pacing=5)
            await kiosk.type_text(THANKS)
            await kiosk.send("response.create")
            await kiosk.event("response.output_audio.delta")
            kiosk.socket.transport.abort()
            assert await asyncio.to_thread(stage.closed, session_id) == "kiosk_lost"
            await asyncio.to_thread(wait_until, lambda: open_upstreams() <= before, seconds=10, what="the hang-up")
            return session_id

    def open_upstreams() -> int:
        return int(
            httpx.get(f"http://127.0.0.1:{stage.standin_port}/healthz", trust_env=False).json()["open_connections"]
        )

    bills = stage.rows("select source_kind from realtime_usage where session_id = %s", asyncio.run(talk()))
    assert [bill["source_kind"] for bill in bills] == ["response"]  # what was said to nobody is still billed


def test_a_client_does_not_hang_on_a_lost_upstream(stage: Stage) -> None:
    """Row 13. EOF in mid-answer: that response is over with status failed, and the answer comes from the next one."""

    async def talk() -> tuple[RawKiosk, str]:
        async with stage.kiosk() as kiosk:
            await kiosk.badge()
            await kiosk.fault(delta_pacing=5)
            await kiosk.type_text(THANKS)
            await kiosk.send("response.create")
            await kiosk.event("response.output_audio.delta")
            await kiosk.fault(eof_after_ms=0)
            lost = await kiosk.event("response.done")
            assert lost["response"]["status"] == "failed"
            answer = await kiosk.answer(after=kiosk.events.index(lost))
            await kiosk.end()
            return kiosk, answer

    kiosk, answer = asyncio.run(talk())
    assert answer and kiosk.states() == ["connecting", "ready", "retrying", "ready"]
    turns = stage.rows(
        "select role, status from session_turns where session_id = %s order by position", kiosk.session_id
    )
    assert [(turn["role"], turn["status"]) for turn in turns] == [
        ("member", "final"), ("assistant", "interrupted"), ("assistant", "final"),
    ]  # fmt: skip


def test_a_provider_that_is_down_at_the_start_is_waited_for(stage: Stage) -> None:
    """Row 13. The member is greeted, reads the honest sentence, and may speak as soon as the provider is back."""

    async def talk() -> tuple[RawKiosk, str]:
        async with stage.kiosk() as kiosk:
            try:
                post_faults({"refuse_connection": True})
                await kiosk.send("kiosk.badge.scanned", uid="B-LEA")
                await kiosk.event("kiosk.upstream", state="retrying", message=apology(Trouble.RETRYING, "fr"))
            finally:
                post_faults({})
            kiosk.session_id = (await kiosk.event("kiosk.ready"))["session_id"]
            answer = await kiosk.ask(THANKS)
            await kiosk.end()
            return kiosk, answer

    def post_faults(switches: dict[str, bool]) -> None:
        address = f"http://127.0.0.1:{stage.standin_port}/control/faults"
        httpx.post(address, json=switches, trust_env=False).raise_for_status()

    kiosk, answer = asyncio.run(talk())
    assert answer and kiosk.states()[0] == "connecting" and kiosk.states()[-1] == "ready"
    kinds = [event["type"] for event in kiosk.events]
    assert kinds.index("kiosk.member.identified") < kinds.index("kiosk.ready")


def test_a_refused_key_is_not_tried_again(locked_out: Stage) -> None:
    """Row 13. 401 stays 401: the kiosk is told at once that nothing will come, and the visit counts all the same."""

    async def talk() -> RawKiosk:
        async with locked_out.kiosk() as kiosk:
            await kiosk.send("kiosk.badge.scanned", uid="B-LEA")
            assert (await kiosk.event("kiosk.session.closed"))["reason"] == "provider_lost"
            return kiosk

    kiosk = asyncio.run(talk())
    assert kiosk.states() == ["connecting", "lost"]
    assert kiosk.of_type("kiosk.upstream")[-1]["message"] == apology(Trouble.LOST, "fr")
    metrics = httpx.get(f"{locked_out.gateway.url}/metrics", trust_env=False).text
    assert 'jarvis_gateway_upstream_dials_total{outcome="refused"} 1.0' in metrics
    session_id = kiosk.of_type("kiosk.session.closed")[0]["session_id"]
    query = """
        select from member_visits inner join openai_realtime_sessions as sessions
        on sessions.started_at = visited_at where sessions.id = %s
    """
    assert len(locked_out.rows(query, session_id)) == 1


def test_hanging_up_does_not_wait_for_a_close_that_never_comes(stage: Stage) -> None:
    """Row 14. The upstream answers nothing any more, not even CLOSE: the session ends all the same, at once."""

    async def talk() -> str:
        async with stage.kiosk() as kiosk:
            await kiosk.badge()
            await kiosk.fault(freeze_after_ms=0)
            async with asyncio.timeout(5):
                return await kiosk.end()

    assert asyncio.run(talk()) == "member_left"


def test_a_frozen_upstream_is_noticed_and_replaced(stage: Stage) -> None:
    """Row 15. Sends succeed into the void: an unanswered ping tells, and the question is answered by another."""

    async def talk() -> tuple[RawKiosk, str]:
        async with stage.kiosk() as kiosk:
            await kiosk.badge()
            await kiosk.fault(ttfb_ms=10_000)
            seen = len(kiosk.events)
            await kiosk.type_text(THANKS)
            await kiosk.send("response.create")
            await kiosk.event("response.created")
            await kiosk.fault(freeze_after_ms=0)
            answer = await kiosk.answer(after=seen)
            await kiosk.end()
            return kiosk, answer

    kiosk, answer = asyncio.run(talk())
    assert answer and kiosk.states() == ["connecting", "ready", "retrying", "ready"]


def test_a_slow_reader_is_dropped_not_stored(stage: Stage) -> None:
    """Row 16. A kiosk that reads nothing is given up with a reason once the buffers between are full."""

    async def talk() -> str:
        async with stage.kiosk() as kiosk:
            session_id = await kiosk.badge()
            # The kernel keeps no more for it, and what it says comes back at once: before its pings are missed.
            kiosk.socket.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            kiosk.socket.transport.pause_reading()
            # The gateway may have given it up before it has said all of them.
            with suppress(ConnectionClosed):
                for _ in range(40):
                    await kiosk.type_text(COMPLAINT * 2000)
            assert await asyncio.to_thread(stage.closed, session_id) == "kiosk_lost"
            kiosk.socket.transport.abort()
            return session_id

    causes = stage.rows(
        "select payload ->> 'cause' as cause from realtime_events "
        "where session_id = %s and event_type = 'kiosk.dropped'",
        asyncio.run(talk()),
    )
    assert [row["cause"] for row in causes] == ["slow_reader"]


def test_waiting_for_the_next_try_holds_nobody_up(leisurely: Stage) -> None:
    """Row 17. A minute's pause before the next try: the member leaves and the operator stops without waiting for it."""

    async def talk() -> tuple[str, str]:
        async with leisurely.kiosk() as kiosk, leisurely.kiosk() as other:
            for one in (kiosk, other):
                await one.badge()
                await one.fault(eof_after_ms=0)
                await one.event("kiosk.upstream", state="retrying")
            left = await kiosk.end()
            assert await asyncio.to_thread(leisurely.gateway.stop) == 0
            return left, str((await other.event("kiosk.session.closed"))["reason"])

    assert asyncio.run(talk()) == ("member_left", "operator")


def test_reconnecting_has_a_budget_for_life(stubborn: Stage) -> None:
    """Row 17. An upstream that takes every connection and drops it ends the session, with the honest sentence."""

    async def talk() -> tuple[str, RawKiosk]:
        async with stubborn.kiosk() as kiosk:
            await kiosk.send("kiosk.session.start")
            closed = await kiosk.event("kiosk.session.closed")
            return str(closed["reason"]), kiosk

    reason, kiosk = asyncio.run(talk())
    assert reason == "provider_lost"
    assert kiosk.states().count("retrying") == 4
    assert kiosk.of_type("kiosk.upstream")[-1]["message"] == apology(Trouble.LOST, "fr")


def test_the_speakers_echo_does_not_interrupt(stage: Stage) -> None:
    """Row 18. The model listens far-field with a raised threshold: a murmur of its own voice is no member's word."""

    async def talk() -> RawKiosk:
        async with stage.kiosk() as kiosk:
            await kiosk.badge()
            await kiosk.send("session.update", session={"type": "realtime"})
            await kiosk.event("session.updated")
            await kiosk.fault(delta_pacing=0.5)
            await kiosk.type_text(THANKS)
            await kiosk.send("response.create")
            await kiosk.event("response.output_audio.delta")
            await kiosk.sound(quieter(speak(COMPLAINT), 40) + silence(600))
            assert await kiosk.answer(after=0)
            await kiosk.end()
            return kiosk

    kiosk = asyncio.run(talk())
    listening = kiosk.of_type("session.updated")[0]["session"]["audio"]["input"]
    assert listening["noise_reduction"] == {"type": "far_field"}
    assert listening["turn_detection"]["threshold"] >= 0.6
    assert not kiosk.of_type("input_audio_buffer.speech_started")


def quieter(pcm: bytes, times: int) -> bytes:
    """The same sound, so many times weaker."""
    samples = memoryview(pcm).cast("h")
    return b"".join(int(sample / times).to_bytes(2, sys.byteorder, signed=True) for sample in samples)


def test_what_was_never_heard_is_not_on_record_as_said(stage: Stage) -> None:
    """Row 19. Of an interrupted answer the turn holds what was played; all that was generated stands beside it."""
    kiosk, item_id = asyncio.run(barge_in(stage, played_ms=700))
    query = "select item_id, text, generated_text, status, heard_ms from session_turns where session_id = %s"
    turn = next(turn for turn in stage.rows(query, kiosk.session_id) if turn["item_id"] == item_id)
    assert (turn["status"], turn["heard_ms"]) == ("interrupted", 700)
    assert turn["generated_text"].startswith(turn["text"]) and len(turn["text"]) < len(turn["generated_text"])


def test_a_stalled_session_ends_with_its_words_on_record(impatient: Stage) -> None:
    """Row 20. The words are on record while the session is open, and nobody saying anything closes it."""

    async def talk() -> tuple[list[tuple[str, str]], str, str]:
        async with impatient.kiosk() as kiosk:
            session_id = await kiosk.badge()
            await kiosk.ask(COMPLAINT)
            on_record = await asyncio.to_thread(impatient.turns, session_id)
            closed = await kiosk.event("kiosk.session.closed")
            return on_record, str(closed["reason"]), session_id

    on_record, reason, session_id = asyncio.run(talk())
    assert [role for role, _ in on_record] == ["member", "assistant"]
    assert reason == impatient.closed(session_id) == "idle"


def test_every_row_has_its_test() -> None:
    """The twenty rows, each the first word of a docstring above."""
    tests = [value for name, value in globals().items() if name.startswith("test_")]
    numbers = {int(row) for test in tests for row in re.findall(r"^Row (\d+)\.", test.__doc__ or "")}
    assert numbers == set(range(1, 21))

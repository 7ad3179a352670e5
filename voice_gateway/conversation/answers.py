"""What the assistant answers: a response begins, brings sound, words and tool calls, and is done or fails."""

from collections.abc import Sequence

from voice_gateway.apologies import Trouble
from voice_gateway.calls import StartedCall
from voice_gateway.conversation import budget, closing, connections, saying, tool_results
from voice_gateway.conversation.state import SessionState
from voice_gateway.effects import Effect, Event, Moment, RunTool, committed, noted
from voice_gateway.protocol import realtime
from warehouse.stores import sessions as store
from warehouse.stores.sessions import Record


def response_created(state: SessionState, event: Event, text: str, now: Moment) -> list[Effect]:
    """An answer is under way; one that nobody is there to hear is stopped, and owed."""
    response = event.get("response")
    if isinstance(response, dict) and isinstance(response.get("id"), str):
        state.responses.add(response["id"])
        state.is_asked = True
        state.filler.created(response)
        state.greeting.created(response)
        if state.absence.is_away:
            state.absence.owe()
            return [*saying.relay(state, event, text, now), *closing.cancel_answers(state, now)]
    state.active_at = now.seconds
    return saying.relay(state, event, text, now)


def audio(state: SessionState, event: Event, text: str, now: Moment) -> list[Effect]:
    """More of the answer's voice; of one that the member has interrupted, what still comes is nobody's to hear."""
    item_id, length = str(event.get("item_id")), realtime.audio_bytes(event.get("delta"))
    is_cut = state.transcript.is_cut(item_id)
    state.transcript.assistant_audio(item_id, length, now=now, part=realtime.content_index(event))
    if is_cut:
        return [noted(state.ledger.log("upstream_in", event, now))]
    return saying.relay(state, event, text, now)


def words(state: SessionState, event: Event, text: str, now: Moment) -> list[Effect]:
    """More of the answer's words."""
    item_id, delta = str(event.get("item_id")), event.get("delta")
    if item_id not in state.hidden and isinstance(delta, str):
        state.transcript.assistant_words(item_id, delta, now=now, part=realtime.content_index(event))
    return saying.relay(state, event, text, now)


def words_done(state: SessionState, event: Event, text: str, now: Moment) -> list[Effect]:
    """The words of one part of the answer are whole, and on record."""
    whole, part = str(event.get("transcript", event.get("text")) or ""), realtime.content_index(event)
    turn = state.transcript.assistant_said(str(event.get("item_id")), whole, now=now, part=part)
    log = state.ledger.log("upstream_in", event, now)
    return [noted(log, *saying.turns(state, turn)), *saying.pass_on(state, text)]


def output_item_done(state: SessionState, event: Event, text: str, now: Moment) -> list[Effect]:
    """An item of the answer is whole; a tool call waits for the rest of it."""
    state.calls.collect(event)
    return saying.relay(state, event, text, now)


def response_done(state: SessionState, event: Event, text: str, now: Moment) -> list[Effect]:
    """The answer is over: its turns and its bill are on record, then its tools run, then the next step is taken."""
    response = event.get("response")
    if not isinstance(response, dict):
        return saying.relay(state, event, text, now)
    response_id = str(response.get("id"))
    state.responses.discard(response_id)
    # Playback goes on after the last delta: silence counts from its end.
    state.active_at = now.seconds + state.transcript.remaining_playback_ms(now) / 1000
    state.greeting.done(response_id, ends_at=state.active_at)
    calls = [] if state.is_closing else state.calls.start(response_id)
    is_filler = response_id == state.filler.response_id
    state.is_asked = bool(calls) or bool(state.responses) or is_filler
    if calls:
        state.filler.due_at = now.seconds + state.plan.limits.tool_filler_seconds
    model = state.plan.profile.model
    records: list[Record] = [
        state.ledger.log("upstream_in", event, now),
        *_turns_of(state, response, now),
        *state.ledger.bill("response", response_id, model=model, report=response.get("usage"), now=now),
        *_started(state, calls, now),
    ]
    runs = [RunTool(call.call_id, call.name, call.arguments) for call in calls]
    failure = realtime.failure_of(response)
    # What filled a tool's time is no answer: it is not asked for again, and the answer comes after it.
    news = _not_answered(state, failure, now) if failure is not None and not is_filler else []
    continues = bool(calls) or is_filler or state.asked_again.due_at is not None
    shown = realtime.shown_response(event, continues=continues and state.plan.is_kiosk)
    told = saying.pass_on(state, text if shown is event else realtime.text_of(shown))
    news += tool_results.filler_over(state, now) if is_filler else []
    return [committed(*records), *told, *runs, *news, *closing.keep_to_budget(state, now), *budget.look(state)]


def _turns_of(state: SessionState, response: Event, now: Moment) -> list[Record]:
    """The turns of an answer that is over, whole or broken off."""
    records: list[Record] = []
    for message in realtime.answers_of(response):
        for part, said in message.parts.items():
            records += saying.turns(state, state.transcript.assistant_said(message.item_id, said, now=now, part=part))
        if not message.is_complete:
            records += saying.turns(state, state.transcript.stopped(message.item_id, now=now))
    if not state.responses:
        records += saying.turns(state, *state.transcript.unfinished(now=now))
    return records


def _started(state: SessionState, calls: Sequence[StartedCall], now: Moment) -> list[Record]:
    """The records of tool calls that begin now, each in its place after the last turn."""
    after = state.transcript.last_item_id() if calls else None
    for call in calls:
        state.memory.called(call.call_id, call.name, call.arguments, after_item_id=after)
    return [
        store.start_tool_call(
            state.plan.scope, call_id=call.call_id, name=call.name, arguments=call.arguments, started_at=now.at
        )
        for call in calls
    ]


def _not_answered(state: SessionState, code: str, now: Moment) -> list[Effect]:
    """A provider that refuses an answer looks like silence: the kiosk is told, and the answer asked for again."""
    if state.is_closing:
        return []
    if code in realtime.FATAL_ERRORS:
        return connections.give_up(state, code, now, is_fatal=True)
    # A client of another kind asks again as it sees fit.
    if not state.plan.is_kiosk or state.responses:
        return []
    if not state.asked_again.refused(at=now.seconds):
        return saying.upstream_state(state, "ready", now, Trouble.REFUSED)
    state.is_asked = True
    return saying.upstream_state(state, "retrying", now, Trouble.BUSY)

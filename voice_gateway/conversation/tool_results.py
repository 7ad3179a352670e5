"""What tools bring back, and what is said while they take their time.

A call is started with the answer that asked for it (`answers.py`); here it ends.
"""

from voice_gateway.consent import CONSENT_TOOL
from voice_gateway.conversation import closing, notice, saying
from voice_gateway.conversation.state import SessionState
from voice_gateway.effects import Effect, Moment, ToolFinished, committed
from voice_gateway.protocol import realtime
from warehouse.stores import sessions as store


def finished(state: SessionState, result: ToolFinished, now: Moment) -> list[Effect]:
    """The result is on record and upstream; the last of them is answered."""
    name = state.calls.finish(result.call_id)
    state.memory.answered(result.call_id, result.output)
    effects: list[Effect] = []
    if result.is_ours:
        record = store.finish_tool_call(
            state.plan.scope, call_id=result.call_id, status=result.status, output=result.output, finished_at=now.at,
            claimed_at=result.claimed_at,
        )  # fmt: skip
        effects.append(committed(record))
    if name == CONSENT_TOOL:
        effects += notice.heard(state, result.output, now)
    if state.is_closing:
        return [*effects, *closing.finish_when_drained(state, now)]
    if not state.is_ready:
        # The next upstream is told it with the rest.
        return effects
    effects += saying.to_upstream(state, realtime.tool_output(result.call_id, result.output), now)
    # One answer to all results; none of our own where the member already speaks and the upstream answers that.
    if not state.calls.are_running:
        state.filler.due_at = None
        # Two voices at once are none: the answer waits for the end of the sentence that fills its time.
        state.filler.does_answer_wait = state.filler.is_under_way
        if not state.filler.is_under_way and not state.responses:
            effects += saying.ask(state, now)
    return effects


def fill(state: SessionState, now: Moment) -> list[Effect]:
    """The upstream is asked for the sentence that fills a tool's time."""
    state.owed_since = now.seconds
    asked = state.filler.ask(event_id=state.own_event_id("fi"), language=state.plan.profile.language)
    return saying.to_upstream(state, asked, now)


def filler_over(state: SessionState, now: Moment) -> list[Effect]:
    """The sentence is said, or never will be: the answer that waited for it is asked for."""
    is_answer_due = state.filler.over() and not state.is_closing
    return saying.ask(state, now) if is_answer_due and not (state.responses or state.is_speaking) else []

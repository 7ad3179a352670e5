"""The items of the upstream's conversation, whoever's they are: added in their place, cut, deleted."""

from voice_gateway.conversation import saying
from voice_gateway.conversation.state import SessionState
from voice_gateway.effects import Effect, Event, Moment, committed, noted
from voice_gateway.protocol import realtime


def added(state: SessionState, event: Event, text: str, now: Moment) -> list[Effect]:
    """The item has its place; one that comes with its words is a turn on record."""
    item = event.get("item")
    if not isinstance(item, dict) or not isinstance(item.get("id"), str) or state.is_echo(event):
        return saying.relay(state, event, text, now)
    # Tool items are links of the same chain, though no turns.
    state.transcript.follows(item["id"], event.get("previous_item_id"))
    role = "member" if item.get("role") == "user" else "assistant"
    if item.get("type") == "message" and item.get("role") in ("user", "assistant"):
        state.transcript.appeared(item["id"], role=role, now=now)
    words = realtime.user_text(item)
    if words is None:
        # An answer that comes whole was given elsewhere: its words come with it or not at all.
        whole = [
            state.transcript.assistant_said(answer.item_id, part_words, now=now, part=part)
            for answer in realtime.answers_of({"output": [item]})
            for part, part_words in answer.parts.items()
            if item.get("role") == "assistant"
        ]
        turns = saying.turns(state, *whole)
        return [*([noted(*turns)] if turns else []), *saying.relay(state, event, text, now)]
    state.active_at = now.seconds
    turn = state.transcript.member_said(item["id"], words, now=now)
    log = state.ledger.log("upstream_in", event, now)
    return [
        committed(log, *saying.turns(state, turn)),
        *saying.pass_on(state, state.hidden.shown(event, text)),
    ]


def deleted(state: SessionState, event: Event, text: str, now: Moment) -> list[Effect]:
    """The item stays on record; a later upstream is not told of it."""
    state.deleted.add(str(event.get("item_id")))
    return saying.relay(state, event, text, now)


def truncated(state: SessionState, event: Event, text: str, now: Moment) -> list[Effect]:
    """The answer is on record as far as the upstream says it was heard."""
    heard_ms = event.get("audio_end_ms")
    turn = state.transcript.was_cut(str(event.get("item_id")), heard_ms if isinstance(heard_ms, int) else 0)
    log = state.ledger.log("upstream_in", event, now)
    return [committed(log, *saying.turns(state, turn)), *saying.pass_on(state, text)]

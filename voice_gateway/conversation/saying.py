"""How a session speaks: to any client, to a kiosk of our own, to the upstream; and what of it goes on record.

What the gateway says in its own name is logged before it is said. What it passes on was logged by whoever passes it.
"""

from collections.abc import Sequence

from voice_gateway.apologies import Trouble, apology
from voice_gateway.conversation.state import SessionState
from voice_gateway.effects import Effect, Event, Moment, ToKiosk, ToUpstream, committed, noted
from voice_gateway.protocol import kiosk as kiosk_protocol
from voice_gateway.protocol import realtime
from warehouse.stores.sessions import Record, TurnRow

# On record.


def turns(state: SessionState, *rows: TurnRow | None) -> list[Record]:
    """The turns there are, and those on record that another item has moved to a new place."""
    return state.ledger.turns(*rows, *state.transcript.moved())


def bill_transcription(state: SessionState, item_id: str, report: object, now: Moment) -> Sequence[Record]:
    """What it cost to know a member's words, or that nobody will say so."""
    model = state.plan.profile.transcription_model
    return state.ledger.bill("transcription", item_id, model=model, report=report, now=now)


# To the kiosk.


def to_client(state: SessionState, event: Event, now: Moment) -> list[Effect]:
    """Any client is told something in the gateway's own name."""
    if state.is_muted:
        return []
    # Logged first: the number on record is the event's name.
    return [noted(state.ledger.log("kiosk_out", event, now)), _named(state, event)]


def to_kiosk(state: SessionState, event: Event, now: Moment) -> list[Effect]:
    """A kiosk of our own is told something that other clients would not understand."""
    return to_client(state, {"session_id": str(state.session_id), **event}, now) if state.plan.is_kiosk else []


def upstream_state(state: SessionState, name: str, now: Moment, trouble: Trouble | None = None) -> list[Effect]:
    """A kiosk knows how it stands with the upstream, in words for its captions where something is wrong."""
    message = apology(trouble, state.plan.profile.language) if trouble else None
    return to_kiosk(state, kiosk_protocol.upstream_state(name, message), now)


def refuse(state: SessionState, error: Event, now: Moment) -> list[Effect]:
    """An error is on record before the kiosk hears of it; it quotes no member, so a muted session tells it too."""
    return [committed(state.ledger.log("kiosk_out", error, now)), _named(state, error)]


def relay(state: SessionState, event: Event, text: str, now: Moment) -> list[Effect]:
    """An event of the upstream is on record, and passed on unless it is tool traffic."""
    effects: list[Effect] = [noted(state.ledger.log("upstream_in", event, now))]
    # Asked first: it also learns from an echo what is hidden.
    if state.hidden.covers(event) or state.is_echo(event):
        return effects
    return [*effects, *pass_on(state, state.hidden.shown(event, text))]


def pass_on(state: SessionState, text: str) -> list[Effect]:
    """The client has a frame of the upstream, where anybody is there to hear it."""
    return [] if state.is_muted else [ToKiosk(text)]


def _named(state: SessionState, event: Event) -> ToKiosk:
    """The event with an id, from the latest number on record."""
    return ToKiosk(realtime.text_of({"event_id": f"gwk_{state.ledger.last_seq}", **event}))


# To the upstream.


def to_upstream(state: SessionState, event: Event, now: Moment, *, leg: int | None = None) -> list[Effect]:
    """The upstream is told something in the gateway's own name: the serving one, unless `leg` names another."""
    log = state.ledger.log("upstream_out", event, now)
    return [noted(log), ToUpstream(realtime.text_of(event), leg or state.line.serving)]


def ask(state: SessionState, now: Moment) -> list[Effect]:
    """The upstream is asked for an answer in our own name, or later where nobody would hear it."""
    if state.absence.is_away:
        state.absence.owe()
        return []
    state.owed_since = now.seconds
    state.is_asked = True
    return to_upstream(state, {"type": "response.create", "event_id": state.own_event_id("rc")}, now)


def cancel(state: SessionState, response_id: str, now: Moment) -> list[Effect]:
    """The upstream is told to stop an answer; its bill comes with `response.done`."""
    event_id = state.own_event_id("ca")
    return to_upstream(state, {"type": "response.cancel", "event_id": event_id, "response_id": response_id}, now)

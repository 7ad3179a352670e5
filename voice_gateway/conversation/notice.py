"""What the person at the kiosk is told before anything is heard: the notice, its answer, and its language.

Who was asked and what they answered is `voice_gateway/consent.py`.
"""

from dataclasses import replace

from voice_gateway.apologies import Trouble, apology
from voice_gateway.conversation import handshake, saying
from voice_gateway.conversation.state import SessionState
from voice_gateway.effects import ConsentKept, Effect, Event, Moment, Report, committed
from voice_gateway.protocol import kiosk as kiosk_protocol
from warehouse.stores import sessions as store
from warehouse.stores.sessions import Record


def show(state: SessionState, now: Moment) -> list[Effect]:
    """The kiosk has the notice in the session's language, and the answer where there is one."""
    notice = kiosk_protocol.notice(
        state.plan.profile.language,
        state.plan.storage_level,
        needs_answer=not state.gate.is_open,
        analysis=state.gate.has_consent if state.gate.is_open else None,
    )
    return saying.to_kiosk(state, notice, now)


def answered(state: SessionState, event: Event, log: Record, now: Moment) -> list[Effect]:
    """The answer is on record; only what is reported after that opens the gate.

    Raises:
        FrameError: when it is no answer, or the client was shown no notice.
    """
    state.active_at = now.seconds
    return [committed(log, *state.gate.answered(event, now)), Report(ConsentKept())]


def kept(state: SessionState, now: Moment) -> list[Effect]:
    """The gate is open: an upstream that waits for it learns who it is to whom."""
    opens = state.gate.kept()
    effects = show(state, now)
    if opens and state.is_upstream_open and not state.is_closing:
        effects += handshake.set_up(state, state.line.serving, now)
    return effects


def heard(state: SessionState, output: Event, now: Moment) -> list[Effect]:
    """The answer that a tool took by voice counts for this session too, and the kiosk shows it."""
    is_granted = output.get("is_granted")
    if not isinstance(is_granted, bool):
        return []
    state.gate.heard(is_granted=is_granted)
    return show(state, now)


def show_mode(state: SessionState, now: Moment) -> list[Effect]:
    """The kiosk knows where a session is in writing only; without it, a session is in voice."""
    if not state.plan.profile.is_text_only:
        return []
    message = apology(Trouble.TEXT_ONLY, state.plan.profile.language)
    return saying.to_kiosk(state, kiosk_protocol.mode("text", reason="budget", message=message), now)


def change_language(state: SessionState, language: str, now: Moment) -> list[Effect]:
    """Ear, mouth and notice change together; the voice stays, because the upstream never changes it."""
    state.active_at = now.seconds
    profile = state.plan.profile
    if state.is_closing or language == profile.language:
        return []
    instructions = state.plan.instructions.get(language, profile.instructions)
    state.plan = replace(state.plan, profile=replace(profile, language=language, instructions=instructions))
    effects: list[Effect] = [committed(store.set_language(state.plan.scope, language=language))]
    effects += show(state, now)
    if state.is_ready or state.updates:
        update = state.plan.profile.as_language_update(event_id=state.own_event_id("su"))
        state.updates.append("gateway")
        effects += saying.to_upstream(state, update, now)
        if state.line.standby is not None:
            effects += saying.to_upstream(state, update, now, leg=state.line.standby)
    return effects

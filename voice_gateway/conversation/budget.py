"""The gym's monthly budget within an open session: once it is spent, the session goes on in writing.

What one session may cost by itself is `closing.keep_to_budget`; the month is asked for by `voice_gateway/budget.py`.
"""

from dataclasses import replace

from voice_gateway.conversation import notice, saying
from voice_gateway.conversation.state import SessionState
from voice_gateway.effects import Effect, Event, LookAtBudget, Moment


def look(state: SessionState) -> list[Effect]:
    """Something was billed: whether the gym's month allows another spoken answer is asked beside the conversation."""
    return [] if state.is_closing or state.plan.profile.is_text_only else [LookAtBudget()]


def spent(state: SessionState, now: Moment) -> list[Effect]:
    """Answers are text from the next one on; whoever is speaking is heard out, and the next bill asks again."""
    profile = state.plan.profile
    if state.is_closing or profile.is_text_only or state.is_speaking:
        return []
    state.plan = replace(state.plan, profile=replace(profile, is_text_only=True))
    state.client_settings = {key: kept for key, kept in state.client_settings.items() if key != "output_modalities"}
    effects = notice.show_mode(state, now)
    if state.is_ready or state.updates:
        settings = {"type": "realtime", "output_modalities": ["text"]}
        update: Event = {"type": "session.update", "event_id": state.own_event_id("su"), "session": settings}
        state.updates.append("gateway")
        effects += saying.to_upstream(state, update, now)
        if state.line.standby is not None:
            effects += saying.to_upstream(state, update, now, leg=state.line.standby)
    return effects

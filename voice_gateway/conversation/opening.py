"""How a session begins: it is on record, its kiosk knows who was recognised, and an upstream is dialled."""

from jarvis.kiosks import Badge, BadgeOutcome
from jarvis.prices import PRICE_VERSION
from voice_gateway.conversation import notice, saying
from voice_gateway.conversation.state import SessionState
from voice_gateway.effects import Dial, Effect, Moment, committed
from voice_gateway.protocol import kiosk as kiosk_protocol
from warehouse.stores import sessions as store
from warehouse.stores.sessions import Record


def begin(state: SessionState, badge: Badge | None, now: Moment) -> list[Effect]:
    """The session of this badge has begun, or of nobody in particular."""
    state.gate.meet(badge.member if badge else None)
    state.is_personal = badge is not None and (badge.member is not None or badge.guest is not None)
    effects: list[Effect] = [committed(*_records(state, badge, now))]
    if badge is not None:
        effects += saying.to_kiosk(state, _greeting(badge), now)
    effects += notice.show_mode(state, now)
    effects += notice.show(state, now)
    return [*effects, *saying.upstream_state(state, "connecting", now), Dial()]


def _records(state: SessionState, badge: Badge | None, now: Moment) -> list[Record]:
    """The session, and the visit where somebody came in."""
    plan, member = state.plan, badge.member if badge else None
    outcome = badge.outcome.value if badge and not badge.unread_id else None
    records: list[Record] = [
        store.open_session(
            plan.scope,
            started_at=now.at,
            member_id=member.member_id if member else None,
            badge_outcome=outcome,
            gateway_instance=plan.gateway_instance,
            lease_seconds=plan.limits.lease_seconds,
            model=plan.profile.model,
            voice=plan.profile.voice,
            language=plan.profile.language,
            has_analysis_consent=state.gate.has_consent,
            notice_version=state.gate.notice_version,
            price_version=PRICE_VERSION,
        )
    ]
    # The time of its scan, where its agent counted it already: one visit.
    visited_at = (badge.scanned_at if badge else None) or now.at
    if badge is not None and badge.outcome is BadgeOutcome.KNOWN and member is not None:
        records += store.save_visit(plan.scope, member_id=member.member_id, visited_at=visited_at)
    elif badge is not None and badge.unread_id is not None:
        records += store.save_unread_badge(plan.scope, badge_id=badge.unread_id, visited_at=visited_at)
    return [*records, state.ledger.log("gateway", {"type": "session.opened", "badge_outcome": outcome}, now)]


def _greeting(badge: Badge) -> dict[str, object]:
    """What the screen learns of the badge."""
    if badge.outcome is BadgeOutcome.KNOWN and badge.member is not None:
        return kiosk_protocol.member_identified(badge.member)
    return kiosk_protocol.member_unknown(badge)

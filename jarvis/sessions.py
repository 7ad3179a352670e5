"""A voice session's life: its states, and the one reason it ends with.

`voice_gateway` opens and closes sessions, `warehouse/stores/sessions.py` keeps them, the database
enforces the vocabulary by named checks.
"""

from enum import StrEnum


class SessionState(StrEnum):
    """active until the one close; closed is final."""

    ACTIVE = "active"
    CLOSED = "closed"


class CloseReason(StrEnum):
    """Why a session ended; every closed session has exactly one."""

    MEMBER_LEFT = "member_left"
    MEMBER_GOODBYE = "member_goodbye"
    IDLE = "idle"
    SECOND_BADGE = "second_badge"
    KIOSK_LOST = "kiosk_lost"
    PROVIDER_LOST = "provider_lost"
    MAX_DURATION = "max_duration"
    BUDGET = "budget"
    GATEWAY_LOST = "gateway_lost"
    OPERATOR = "operator"

"""The kinds of e-mail a person may stop, and the link that stops one of them without a sign-in. Pure.

The link's token is made for one person, one kind and this one purpose; it opens nothing else, and does not
end: an old letter must still be able to stop the next one (RFC 8058). `dashboards/unsubscribe.py` answers it.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

UNSUBSCRIBE_PATH = "/desabonnement"
TOKEN_PARAMETER = "jeton"

_PURPOSE = b"jarvis/unsubscribe/1"
_ID_BYTES = 16
_SEAL_BYTES = 16


class MailKind(StrEnum):
    """What a letter is; letters about an account or a failure are none of these and cannot be stopped."""

    DAILY_REPORT = "daily_report"
    WEEKLY_REPORT = "weekly_report"
    MONTHLY_REPORT = "monthly_report"
    QUARTERLY_REPORT = "quarterly_report"
    ALERT_DIGEST = "alert_digest"
    ALERT_ESCALATION = "alert_escalation"


# As in « vous ne recevrez plus … ».
LABELS: Mapping[MailKind, str] = {
    MailKind.DAILY_REPORT: "le rapport du jour",
    MailKind.WEEKLY_REPORT: "le rapport de la semaine",
    MailKind.MONTHLY_REPORT: "le rapport du mois",
    MailKind.QUARTERLY_REPORT: "le rapport du trimestre",
    MailKind.ALERT_DIGEST: "le récapitulatif des alertes",
    MailKind.ALERT_ESCALATION: "le rappel des alertes en attente",
}


@dataclass(frozen=True, slots=True)
class Subscription:
    """One kind of e-mail to one person."""

    user_id: UUID
    kind: MailKind


def unsubscribe_url(address: str, subscription: Subscription, *, secret_key: str) -> str:
    """The link of a letter's foot and its List-Unsubscribe header.

    Args:
        address: where the dashboards answer, without a path.
    """
    token = sealed(subscription, secret_key=secret_key)
    return f"{address.rstrip('/')}{UNSUBSCRIBE_PATH}?{TOKEN_PARAMETER}={token}"


def sealed(subscription: Subscription, *, secret_key: str) -> str:
    """The token that stands for this subscription, fit for an address."""
    named = subscription.user_id.bytes + subscription.kind.encode()
    return base64.urlsafe_b64encode(_seal(named, secret_key) + named).rstrip(b"=").decode()


def opened(token: str, *, secret_key: str) -> Subscription | None:
    """The subscription a token stands for; None where we did not make it."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    seal, named = raw[:_SEAL_BYTES], raw[_SEAL_BYTES:]
    if not hmac.compare_digest(seal, _seal(named, secret_key)):
        return None
    try:
        return Subscription(UUID(bytes=named[:_ID_BYTES]), MailKind(named[_ID_BYTES:].decode()))
    except ValueError:
        return None  # Ours, of a kind that is no more.


def _seal(named: bytes, secret_key: str) -> bytes:
    key = hmac.digest(secret_key.encode(), _PURPOSE, hashlib.sha256)
    return hmac.digest(key, named, hashlib.sha256)[:_SEAL_BYTES]

"""The token of an unsubscribe link: for one person, one kind, one purpose."""

import base64
from uuid import UUID

import pytest

from jarvis.mail_kinds import LABELS, MailKind, Subscription, opened, sealed, unsubscribe_url

KEY = "une clé"
MINE = Subscription(UUID(int=7), MailKind.WEEKLY_REPORT)


@pytest.mark.parametrize("kind", MailKind)
def test_a_token_opens_as_what_it_was_made_for(kind: MailKind) -> None:
    """Every kind, through the address a letter carries; and it has a label."""
    subscription = Subscription(UUID(int=7), kind)
    address, _, token = unsubscribe_url("https://salle.example/", subscription, secret_key=KEY).partition("?jeton=")
    assert address == "https://salle.example/desabonnement"
    assert opened(token, secret_key=KEY) == subscription
    assert LABELS[kind].startswith("le ")


def test_every_byte_of_a_token_counts() -> None:
    """Changed anywhere, cut anywhere or made with another key it stands for nothing."""
    token = sealed(MINE, secret_key=KEY)
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    for place in range(len(raw)):
        forged = bytearray(raw)
        forged[place] ^= 1
        assert opened(base64.urlsafe_b64encode(forged).decode().rstrip("="), secret_key=KEY) is None, place
        assert opened(base64.urlsafe_b64encode(raw[:place]).decode().rstrip("="), secret_key=KEY) is None, place
    assert opened(token, secret_key="une autre") is None


@pytest.mark.parametrize("text", ["", "jeton", "é", "=" * 40, "a" * 4000, "../..", "\n"])
def test_what_is_no_token_stands_for_nothing(text: str) -> None:
    """Whatever a stranger writes there."""
    assert opened(text, secret_key=KEY) is None

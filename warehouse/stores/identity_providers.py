"""Sign-ins through an identity provider: what each answer is checked against, and the session it opens.

Everything goes through the functions of migration 0282. A provider's word stands in for the password: whoever
owes a second factor still owes it, nobody is created, and nobody's rights change.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from warehouse.people import Database
from warehouse.sql import queries
from warehouse.stores.sign_in import LIFETIME, Opened, Stage, Visitor, hashed, new_token

# From leaving for the provider to coming back.
SIGN_IN_LASTS = timedelta(minutes=10)


class Refusal(StrEnum):
    """Why a provider's answer let nobody in, as the audit trail keeps it."""

    STATE = "state"
    """Unknown, used already, too old, or begun by another browser."""
    PROVIDER = "provider"
    """The provider itself says no."""
    TOKEN = "token"
    """Signed by nobody we trust, or for somebody else, another moment or another question."""
    STALE = "stale"
    """The person was to prove who they are anew, and did not."""
    AWAY = "away"
    """The provider does not answer as it should."""
    UNVERIFIED = "unverified"
    """The provider has not verified the e-mail."""
    UNKNOWN = "unknown"
    """Nobody active has this e-mail."""
    OTHER_SUBJECT = "other_subject"
    """The provider knows the person with this e-mail as somebody else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A sign-in under way."""

    state: str = field(repr=False)
    browser: str = field(repr=False)
    """The cookie of the browser that began."""
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    asked: str
    """The page to go to afterwards."""
    proof_of: bytes | None = field(default=None, repr=False)
    """The session, as the database knows it, whose person is to prove who they are anew."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What an answer of the provider is checked against."""

    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    asked: str
    proof_of: bytes | None = field(repr=False)
    begun_at: datetime


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the provider names."""

    issuer: str
    subject: str
    verified_email: str | None = field(repr=False)
    """None where the provider gives none, or has not verified it."""


class IdentityProviders:
    """Sign-ins through a provider, in Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._blocks = queries("identity_providers")

    def begin(self, begun: Begun) -> None:
        """The answer to this sign-in is awaited, for a while."""
        with self._database.nobody() as connection:
            connection.execute(
                self._blocks["begin_provider_sign_in"],
                {
                    "state_hash": hashed(begun.state),
                    "browser_hash": hashed(begun.browser),
                    "nonce": begun.nonce,
                    "verifier": begun.verifier,
                    "asked": begun.asked,
                    "proof_of": begun.proof_of,
                    "lifetime": SIGN_IN_LASTS,
                },
            )

    def take(self, state: str, browser: str) -> Kept | None:
        """What this answer is checked against, once; None where nobody waits for it in this browser."""
        with self._database.nobody() as connection:
            row = connection.execute(
                self._blocks["take_provider_sign_in"],
                {"state_hash": hashed(state), "browser_hash": hashed(browser)},
            ).fetchone()
        return None if row is None else Kept(**row)

    def open(self, identity: Identity, visitor: Visitor) -> Opened | Refusal:
        """A session of the person the provider names, which may wait for a code; or why there is none, on record."""
        token = new_token()
        with self._database.nobody() as connection:
            row = connection.execute(
                self._blocks["open_provider_session"],
                {
                    "issuer": identity.issuer,
                    "subject": identity.subject,
                    "email": identity.verified_email,
                    "token_hash": hashed(token),
                    "lifetime": LIFETIME,
                    "device": visitor.device,
                    "network": visitor.network,
                },
            ).fetchone()
        if row is None or row["stage"] is None:
            return Refusal.UNKNOWN if row is None else Refusal(row["refusal"])
        return Opened(token, Stage(row["stage"]))

    def refuse(self, reason: Refusal, visitor: Visitor) -> None:
        """An answer that let nobody in is in the audit trail."""
        with self._database.nobody() as connection:
            connection.execute(
                self._blocks["refuse_provider_sign_in"],
                {"reason": reason.value, "device": visitor.device, "network": visitor.network},
            )

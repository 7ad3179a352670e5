"""One's own account: the second factor, recovery codes, password and sessions of whoever holds a session.

Everything goes through the functions of migration 0280, which act for the session's own person and nobody
else. What raises a session's worth answers a new token: the one before opens nothing from then on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import psycopg

from jarvis import second_factor
from jarvis.second_factor import SecretKeys
from jarvis.tenancy import UserRole
from warehouse.people import Database
from warehouse.sql import queries
from warehouse.stores.sign_in import IDLE_LIMIT, LIFETIME, Stage, hashed, new_token

# What changes how somebody signs in asks who they are again after this.
PROOF_AGE = timedelta(minutes=10)


def lacks_proof(error: psycopg.Error) -> bool:
    """True where the database asked for a fresh proof of who somebody is, and not where another rule spoke."""
    return "app.require_proof(" in (error.diag.context or "")


class CodeAnswer(StrEnum):
    """Why a code opened nothing."""

    WRONG = "wrong"
    """Also one that was spent."""
    CLOSED = "closed"
    """Too many wrong ones: none is looked at for a while."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A session as the sign-in's own pages see it, at any stage."""

    session_id: UUID
    user_id: UUID
    email: str
    full_name: str | None
    role: UserRole
    stage: Stage
    is_proven: bool
    """Who they are was proven in the last ten minutes."""
    has_password: bool
    """False for those who come from a provider only."""
    has_second_factor: bool
    recovery_codes_left: int
    language: str | None
    """The one they chose, fr or en; None before they have."""

    @property
    def must_have_second_factor(self) -> bool:
        """True where the role may not do without."""
        return self.role is UserRole.SUPER_ADMIN


@dataclass(frozen=True, slots=True)
class OwnSession:
    """One open session of the person who asks."""

    id: UUID
    is_this_one: bool
    device: str | None
    network: str | None
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


class Accounts:
    """What people do with their own account, in Postgres."""

    def __init__(self, database: Database, keys: SecretKeys) -> None:
        self._database = database
        self._keys = keys
        self._blocks = queries("accounts")
        self._own = queries("gym_settings")

    def visit(self, token: str) -> Visit | None:
        """Whose session this is and what it may; None where it opens nothing (any more)."""
        row = self._ask("visit", token, idle_limit=IDLE_LIMIT, proof_age=PROOF_AGE)
        if row is None:
            return None
        return Visit(**{**row, "role": UserRole(row["role"]), "stage": Stage(row["stage"])})

    def keep_language(self, visit: Visit, language: str) -> None:
        """The language is the visit's person's own from now on, as by the switch beside every page."""
        with self._database.holder(visit.user_id) as connection:
            connection.execute(self._own["set_language"], {"language": language})

    def check_code(self, token: str, typed: str, *, moment: float) -> str | CodeAnswer:
        """The session's new token where the code is right, of the application or for recovery; it is spent.

        Args:
            moment: seconds since the epoch.

        Raises:
            UnreadableSecret: when the secret was sealed under another JARVIS_SECRET_KEY.
        """
        # Committed before the code is looked at: guesses sent at once count too.
        tried = self._ask("begin_second_factor", token)
        if tried is None or not tried["is_open"]:
            return CodeAnswer.CLOSED if tried is not None else CodeAnswer.WRONG
        if second_factor.is_recovery_code(typed):
            renewed = self._renew("spend_recovery_code", token, code_hash=self._keys.recovery_hash(typed))
        else:
            secret = self._keys.unseal(tried["secret"])
            step = second_factor.accepted_step(secret, typed, moment=moment, last_step=tried["last_step"])
            renewed = None if step is None else self._renew("pass_second_factor", token, step=step)
        if renewed is None:
            self._ask("fail_second_factor", token)
            return CodeAnswer.WRONG
        return renewed

    def prove(self, token: str) -> str | None:
        """The session's new token after a right password, where no code is due besides."""
        return self._renew("prove_session", token)

    def offer_secret(self, token: str) -> str | None:
        """A secret that waits for its first code; None for a session that may not set one up now."""
        row = self._ask("offered_second_factor", token, proof_age=PROOF_AGE)
        if row is not None and row["secret"] is not None:
            return self._keys.unseal(row["secret"])
        secret = second_factor.new_secret()
        row = self._ask("offer_second_factor", token, secret=self._keys.seal(secret), proof_age=PROOF_AGE)
        return secret if row is not None and row["is_done"] else None

    def confirm_secret(self, token: str, typed: str, *, moment: float) -> tuple[str, Sequence[str]] | None:
        """The session's new token and the recovery codes, shown this once; None where the code is wrong."""
        row = self._ask("offered_second_factor", token, proof_age=PROOF_AGE)
        if row is None or row["secret"] is None:
            return None
        secret = self._keys.unseal(row["secret"])
        step = second_factor.accepted_step(secret, typed, moment=moment, last_step=0)
        if step is None:
            return None
        codes = second_factor.new_recovery_codes()
        renewed = self._renew(
            "confirm_second_factor", token, step=step, code_hashes=self._hashes(codes), proof_age=PROOF_AGE
        )
        return None if renewed is None else (renewed, codes)

    def replace_recovery_codes(self, token: str) -> tuple[str, Sequence[str]] | None:
        """The session's new token and new recovery codes, shown this once; None where that must be proven first."""
        codes = second_factor.new_recovery_codes()
        renewed = self._renew("replace_recovery_codes", token, code_hashes=self._hashes(codes), proof_age=PROOF_AGE)
        return None if renewed is None else (renewed, codes)

    def drop_second_factor(self, token: str) -> str | None:
        """The session's new token without a second factor; None where it must be proven first, or is forced."""
        return self._renew("drop_second_factor", token, proof_age=PROOF_AGE)

    def change_password(self, token: str, password_hash: str) -> str | None:
        """The session's new token; None where that must be proven first. Every other session is over."""
        return self._renew("change_password", token, password_hash=password_hash, proof_age=PROOF_AGE)

    def sessions(self, token: str) -> Sequence[OwnSession]:
        """The person's open sessions, this one first."""
        with self._database.nobody() as connection:
            rows = connection.execute(
                self._blocks["sessions"], {"token_hash": hashed(token), "idle_limit": IDLE_LIMIT}
            ).fetchall()
        return [OwnSession(**row) for row in rows]

    def revoke_sessions(self, token: str, session_id: UUID | None) -> int:
        """How many of the person's sessions ended: the one named, or all but this one."""
        row = self._ask("revoke_sessions", token, session_id=session_id)
        return 0 if row is None else int(row["revoked_count"])

    def _hashes(self, codes: Sequence[str]) -> list[bytes]:
        return [self._keys.recovery_hash(code) for code in codes]

    def _renew(self, block: str, token: str, **parameters: object) -> str | None:
        renewed = new_token()
        row = self._ask(block, token, new_token_hash=hashed(renewed), lifetime=LIFETIME, **parameters)
        return renewed if row is not None and row["is_done"] else None

    def _ask(self, block: str, token: str, **parameters: object) -> dict[str, Any] | None:
        with self._database.nobody() as connection:
            return connection.execute(self._blocks[block], {"token_hash": hashed(token), **parameters}).fetchone()

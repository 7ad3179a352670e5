"""Links by which people set their own password: invitations and resets, good once and for a while.

A link holds 256 random bits; the database keeps their SHA-256. Invitations are made by `warehouse/stores/team.py`,
under the rights of whoever invites; a reset acts for whoever reads the person's mail, and leaves the second factor
alone.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from jarvis.tenancy import UserRole
from warehouse.people import Database
from warehouse.sql import queries
from warehouse.stores.sign_in import Visitor, hashed, new_token

INVITATION_LASTS = timedelta(days=7)
RESET_LASTS = timedelta(minutes=30)

# Where a link leads, and the parameter that holds its token.
LINK_PATH = "/mot-de-passe"
TOKEN_PARAMETER = "lien"


class LinkPurpose(StrEnum):
    """What a link was made for; the database checks the same list."""

    INVITATION = "invitation"
    PASSWORD_RESET = "password_reset"


@dataclass(frozen=True, slots=True)
class AccountLink:
    """A link that still works, as its page shows it."""

    email: str
    full_name: str | None
    purpose: LinkPurpose
    language: str | None
    """The one they chose, fr or en; None before they have."""


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link to send; its token is kept nowhere else."""

    email: str
    full_name: str | None
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """Somebody to let in."""

    email: str
    role: UserRole
    full_name: str | None = None
    franchise_id: UUID | None = None
    gym_id: UUID | None = None


def link_url(address: str, token: str) -> str:
    """What the letter links to.

    Args:
        address: where the dashboards answer, without a path.
    """
    return f"{address.rstrip('/')}{LINK_PATH}?{TOKEN_PARAMETER}={token}"


class AccountLinks:
    """Links in Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._blocks = queries("accounts")

    def issue_reset(self, email: str, visitor: Visitor) -> NewLink | None:
        """A link for the person with this e-mail; None where there is nobody to send it to."""
        token = new_token()
        row = self._ask(
            "issue_password_reset",
            email=email,
            token_hash=hashed(token),
            valid_for=RESET_LASTS,
            device=visitor.device,
            network=visitor.network,
        )
        return None if row is None else NewLink(row["email"], row["full_name"], token)

    def read(self, token: str) -> AccountLink | None:
        """Whose link this is and what for; None where it does not work (any more)."""
        row = self._ask("read_link", token_hash=hashed(token))
        return None if row is None else AccountLink(**{**row, "purpose": LinkPurpose(row["purpose"])})

    def use(self, token: str, password_hash: str, visitor: Visitor) -> bool:
        """True: the password is this one and the link is spent. False: the link does not work (any more)."""
        row = self._ask(
            "use_link",
            token_hash=hashed(token),
            password_hash=password_hash,
            device=visitor.device,
            network=visitor.network,
        )
        return row is not None and bool(row["is_done"])

    def _ask(self, block: str, **parameters: object) -> dict[str, Any] | None:
        with self._database.nobody() as connection:
            return connection.execute(self._blocks[block], parameters).fetchone()

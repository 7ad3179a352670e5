"""The people who sign in, as those who manage them let in, move, suspend and let in again.

SQL is in `queries/team.sql`. The functions it calls (migration 0300) decide who may, ask for a session that was
proven in the last minutes, and write the audit trail in the same transaction. Reading the list needs no store: pages
ask `team.people` as themselves.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any
from uuid import UUID

import psycopg

from jarvis.tenancy import Scope, UserRole
from warehouse.people import Database
from warehouse.sql import queries
from warehouse.stores.account_links import INVITATION_LASTS, Invited, NewLink
from warehouse.stores.accounts import PROOF_AGE, lacks_proof
from warehouse.stores.sign_in import IDLE_LIMIT, hashed, new_token


class Refusal(StrEnum):
    """Why the database made no change."""

    NOT_PROVEN = "not_proven"
    """Who asks has not proven who they are lately."""
    NOT_ALLOWED = "not_allowed"
    """The role or the place is not theirs to give or take."""
    OWN_ACCOUNT = "own_account"
    """Nobody changes their own rights."""
    LAST_ADMINISTRATOR = "last_administrator"
    """Nobody would run the network any more."""
    EMAIL_TAKEN = "email_taken"
    NAME_TAKEN = "name_taken"
    """A gym of this name is there."""
    WRONG_PLACE = "wrong_place"
    """The role needs another kind of place, or there is no such place."""
    GONE = "gone"
    """There is nobody like that, for the person who asks."""


class TeamRefused(Exception):
    """Nothing was changed; `reason` says why."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(f"found {reason}, expected a change the database allows")
        self.reason = reason


class Team:
    """Changes to people's access, in Postgres; each acts for the person of the scope, who holds the session `token`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._blocks = queries("team")

    def is_proven(self, token: str) -> bool:
        """True while changes are taken without another proof of who asks."""
        with self._database.nobody() as connection:
            row = connection.execute(
                queries("accounts")["visit"],
                {"token_hash": hashed(token), "idle_limit": IDLE_LIMIT, "proof_age": PROOF_AGE},
            ).fetchone()
        return row is not None and bool(row["is_proven"])

    def invite(self, scope: Scope, token: str, invited: Invited) -> tuple[UUID, NewLink]:
        """The new person's id and the link to send.

        Raises:
            TeamRefused: nobody was let in.
        """
        secret = new_token()
        made = self._change(
            scope, token, "invite_person", email=invited.email, full_name=invited.full_name, role=invited.role.value,
            franchise_id=invited.franchise_id, gym_id=invited.gym_id, link_hash=hashed(secret),
            valid_for=INVITATION_LASTS,
        )  # fmt: skip
        return made, NewLink(invited.email.lower(), invited.full_name, secret)

    def invite_again(self, scope: Scope, token: str, user_id: UUID) -> str:
        """The token of a new link; the one before is worth nothing.

        Raises:
            TeamRefused: nobody like that waits for one.
        """
        secret = new_token()
        self._change(
            scope, token, "invite_person_again", user_id=user_id, link_hash=hashed(secret), valid_for=INVITATION_LASTS
        )
        return secret

    def change(
        self, scope: Scope, token: str, user_id: UUID, *, full_name: str | None, role: UserRole,
        franchise_id: UUID | None, gym_id: UUID | None,
    ) -> None:  # fmt: skip
        """Name, role and place are these; a name of None stays. Another role or place ends the person's sessions.

        Raises:
            TeamRefused: nothing was changed.
        """
        self._change(
            scope, token, "change_person", user_id=user_id, full_name=full_name, role=role.value,
            franchise_id=franchise_id, gym_id=gym_id,
        )  # fmt: skip

    def suspend(self, scope: Scope, token: str, user_id: UUID) -> None:
        """The person is out at their next action, and cannot sign in.

        Raises:
            TeamRefused: nothing was changed.
        """
        self._change(scope, token, "set_person_active", user_id=user_id, is_active=False)

    def reinstate(self, scope: Scope, token: str, user_id: UUID) -> None:
        """The person can sign in again.

        Raises:
            TeamRefused: nothing was changed.
        """
        self._change(scope, token, "set_person_active", user_id=user_id, is_active=True)

    def reset_second_factor(self, scope: Scope, token: str, user_id: UUID) -> None:
        """The person has no second factor and no session any more.

        Raises:
            TeamRefused: nothing was changed.
        """
        self._change(scope, token, "reset_second_factor", user_id=user_id)

    def unlock(self, scope: Scope, token: str, user_id: UUID) -> None:
        """Wrong passwords and codes are forgotten: the person may try again now.

        Raises:
            TeamRefused: nothing was changed.
        """
        self._change(scope, token, "unlock_person", user_id=user_id)

    def _change(self, scope: Scope, token: str, block: str, **values: Any) -> Any:
        parameters = {"token_hash": hashed(token), "proof_age": PROOF_AGE, **values}
        with refusals(), self._database.person(scope) as connection:
            row = connection.execute(self._blocks[block], parameters).fetchone()
        if row is None or not row["answer"]:
            raise TeamRefused(Refusal.GONE)
        return row["answer"]


@contextmanager
def refusals() -> Iterator[None]:
    """What the database refuses inside is a `TeamRefused`, without the row it names."""
    try:
        yield
    except psycopg.errors.RaiseException as error:
        if not lacks_proof(error):
            raise
        raise TeamRefused(Refusal.NOT_PROVEN) from None
    except psycopg.errors.InsufficientPrivilege:
        raise TeamRefused(Refusal.NOT_ALLOWED) from None
    except psycopg.errors.ObjectNotInPrerequisiteState:
        raise TeamRefused(Refusal.OWN_ACCOUNT) from None
    except psycopg.errors.RestrictViolation:
        raise TeamRefused(Refusal.LAST_ADMINISTRATOR) from None
    except psycopg.errors.UniqueViolation as error:
        is_email = error.diag.constraint_name == "user_email_is_unique"
        raise TeamRefused(Refusal.EMAIL_TAKEN if is_email else Refusal.NAME_TAKEN) from None
    except (psycopg.errors.CheckViolation, psycopg.errors.ForeignKeyViolation):
        raise TeamRefused(Refusal.WRONG_PLACE) from None

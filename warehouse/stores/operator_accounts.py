"""Accounts of people who sign in, as the operator keeps them from the command line: never by a page's own role.

Called with the administration's or the pipeline's connection; the door's role can't reach these tables. Pages
invite through `warehouse/stores/team.py`, under the rights of whoever is signed in.
"""

from psycopg import Connection

from jarvis import mail
from jarvis.passwords import hash_password
from jarvis.tenancy import UserRole
from warehouse.sql import queries
from warehouse.stores.account_links import INVITATION_LASTS, LinkPurpose, NewLink
from warehouse.stores.gyms import not_found
from warehouse.stores.sign_in import hashed, new_token


class UnknownAccount(LookupError):
    """Nobody has this e-mail; the message doesn't hold it."""


class InvitationRefused(ValueError):
    """Nobody can be invited like this; the message says what to change."""


def invite(
    connection: Connection,
    *,
    email: str,
    role: UserRole,
    full_name: str | None = None,
    franchise: str | None = None,
    gym: str | None = None,
) -> NewLink:
    """The person exists and this link sets their password; asked again, the link before it is worth nothing.

    Args:
        franchise: its name.
        gym: its slug.

    Raises:
        InvitationRefused: when the e-mail is no address, the place does not fit the role or is unknown, or the person
            has a password already.
    """
    address = email.strip().lower()
    try:
        mail.address(address)
    except mail.AddressError as error:
        # Before anything is written: a link that can be sent to nobody would leave its person behind.
        raise InvitationRefused(str(error)) from None
    if not _fits(role, franchise=franchise, gym=gym):
        raise InvitationRefused(
            f"found the role {role} with the wrong place, expected --gym for gym_manager and gym_staff, "
            "--franchise for franchise_owner, one of them for analyst, none for super_admin"
        )
    blocks, token = queries("operator_accounts"), new_token()
    with connection.transaction():
        place = connection.execute(blocks["place"], {"franchise": franchise, "gym": gym}).fetchone()
        franchise_id, gym_id = place or (None, None)
        if (franchise is not None and franchise_id is None) or (gym is not None and gym_id is None):
            if gym is not None:
                raise InvitationRefused(str(not_found(connection, gym)))
            names = ", ".join(name for (name,) in connection.execute(queries("analysts")["franchise_names"]))
            raise InvitationRefused(f"found no franchise '{franchise}', expected one of: {names or 'none yet'}")
        found = connection.execute(blocks["person"], {"email": address}).fetchone()
        if found is None:
            parameters = {"email": address, "full_name": full_name, "role": role.value}
            made = connection.execute(
                blocks["add_person"], {**parameters, "franchise_id": franchise_id, "gym_id": gym_id}
            ).fetchone()
            user_id = None if made is None else made[0]
        else:
            user_id, full_name, is_active, has_password = found
            if has_password or not is_active:
                raise InvitationRefused(
                    "found somebody who has a password already or is suspended, expected somebody new: "
                    "they ask for a new one at /mot-de-passe-oublie, or jarvis password sets one"
                )
        connection.execute(blocks["forget_links"], {"user_id": user_id})
        connection.execute(
            blocks["add_link"],
            {
                "token_hash": hashed(token),
                "user_id": user_id,
                "purpose": LinkPurpose.INVITATION.value,
                "valid_for": INVITATION_LASTS,
            },
        )
        connection.execute(blocks["audit_operator"], {"user_id": user_id, "action": "user_invited"})
    return NewLink(address, full_name, token)


def forget_second_factor(connection: Connection, email: str) -> bool:
    """The person signs in with the password alone until they set up another one; whether they had one.

    Raises:
        UnknownAccount: when nobody has this e-mail.
    """
    blocks = queries("operator_accounts")
    with connection.transaction():
        found = connection.execute(blocks["person"], {"email": email.strip().lower()}).fetchone()
        if found is None:
            raise UnknownAccount("found no user with this e-mail, expected one: create the user first")
        row = connection.execute(blocks["forget_second_factor"], {"user_id": found[0]}).fetchone()
        connection.execute(blocks["revoke_sessions"], {"email": email.strip().lower()})
        connection.execute(blocks["audit_operator"], {"user_id": found[0], "action": "second_factor_reset"})
    return row is not None and bool(row[0])


def _fits(role: UserRole, *, franchise: str | None, gym: str | None) -> bool:
    match role:
        case UserRole.SUPER_ADMIN:
            return franchise is None and gym is None
        case UserRole.FRANCHISE_OWNER:
            return franchise is not None and gym is None
        case UserRole.ANALYST:
            return (franchise is None) is not (gym is None)
        case _:
            return franchise is None and gym is not None


def set_password(connection: Connection, email: str, password: str) -> None:
    """The person's password is this one, their account is open, every session they had is over, and it is on record.

    Raises:
        PasswordRefused: when the password is too short or too long.
        UnknownAccount: when nobody has this e-mail.
    """
    password_hash = hash_password(password)
    blocks = queries("operator_accounts")
    with connection.transaction():
        parameters = {"email": email.strip().lower(), "password_hash": password_hash}
        changed = connection.execute(blocks["set_password"], parameters).fetchone()
        if changed is None:
            raise UnknownAccount("found no user with this e-mail, expected one: create the user first")
        connection.execute(blocks["revoke_sessions"], {"email": parameters["email"]})
        connection.execute(blocks["audit_operator"], {"user_id": changed[0], "action": "password_changed"})

"""How people run the network: franchises, gyms, users, kiosks and the audit trail.

What a role may is checked here for a clear answer, and in the database for good: each change is one function
that checks the person and writes the audit trail itself (`warehouse/migrations/0080_administration.sql`).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import available_timezones

import psycopg
from fastapi import APIRouter, Depends, Query, Response
from psycopg.types.json import Jsonb

from jarvis.kiosks import CODE_TRIES, CODE_VALID_MINUTES, Holder, new_codes, slug_of, stored_code
from jarvis.tenancy import Permission, Scope
from voice_gateway.people import People, PersonConnection
from voice_gateway.rates import RateClass
from voice_gateway.routes.admin_bodies import (
    BUDGET_FIELDS,
    AuditEntry,
    Franchise,
    FranchiseChange,
    FranchiseNew,
    FranchiseStatus,
    GymChange,
    GymNew,
    GymRecord,
    GymStatus,
    KioskCode,
    KioskNew,
    KioskRecord,
    KioskRevocation,
    KioskStatus,
    RoleName,
    User,
    UserChange,
    UserNew,
)
from voice_gateway.routes.answers import ALWAYS, Refused, refusals
from voice_gateway.routes.bodies import json_body, taking
from voice_gateway.routes.dashboard import found, unknown
from voice_gateway.routes.dashboard_answers import Page
from voice_gateway.routes.guards import PeopleHere, ProofHere, may, own_origin, person_or_address
from voice_gateway.routes.limits import limited
from voice_gateway.routes.paging import Paging, PersonPaging
from warehouse.stores import network
from warehouse.stores.accounts import lacks_proof

router = APIRouter(
    prefix="/api/admin",
    tags=["admin"],
    dependencies=[Depends(own_origin), Depends(limited(RateClass.ADMIN, caller_of=person_or_address))],
    responses=ALWAYS,
)

ManagesGyms = Annotated[Scope, Depends(may(Permission.MANAGE_GYMS))]
RunsNetwork = Annotated[Scope, Depends(may(Permission.MANAGE_NETWORK))]
SeesAudit = Annotated[Scope, Depends(may(Permission.SEE_AUDIT))]

_WRITING = refusals(409, 413)
_CHANGING = refusals(404, 409, 413)


@router.get("/franchises", operation_id="list_franchises", response_model=Page[Franchise])
async def list_franchises(
    person: ManagesGyms, people: PeopleHere, paging: PersonPaging, status: FranchiseStatus | None = None
) -> Any:
    """Those the person sees, the latest first: a gym's manager sees none."""
    async with people.as_person(person) as connection:
        return await _page(connection, "franchises", paging, status=status)


@router.post(
    "/franchises", operation_id="create_franchise", status_code=201, response_model=Franchise, responses=_WRITING,
    **taking(FranchiseNew),
)  # fmt: skip
async def create_franchise(
    person: RunsNetwork, people: PeopleHere, body: Annotated[FranchiseNew, Depends(json_body(FranchiseNew))]
) -> Any:
    """A franchise without gyms."""
    async with people.as_person(person) as connection, _rules():
        made = await network.change(connection, "create_franchise", **body.model_dump())
        return await _one(connection, "franchises", made, "franchise")


@router.patch(
    "/franchises/{franchise_id}", operation_id="change_franchise", response_model=Franchise, responses=_CHANGING,
    **taking(FranchiseChange),
)  # fmt: skip
async def change_franchise(
    franchise_id: UUID,
    person: RunsNetwork,
    people: PeopleHere,
    body: Annotated[FranchiseChange, Depends(json_body(FranchiseChange))],
) -> Any:
    """What is given is changed: `{"status": "suspended"}` suspends it."""
    async with people.as_person(person) as connection, _rules():
        await network.change(connection, "change_franchise", id=franchise_id, **body.model_dump())
        return await _one(connection, "franchises", franchise_id, "franchise")


@router.get("/gyms", operation_id="list_gyms", response_model=Page[GymRecord])
async def list_gyms(
    person: ManagesGyms,
    people: PeopleHere,
    paging: PersonPaging,
    franchise_id: UUID | None = None,
    status: GymStatus | None = None,
) -> Any:
    """Those the person sees, the latest first."""
    async with people.as_person(person) as connection:
        return await _page(connection, "gyms", paging, franchise_id=franchise_id, status=status)


@router.post(
    "/gyms", operation_id="create_gym", status_code=201, response_model=GymRecord, responses=_WRITING, **taking(GymNew)
)  # fmt: skip
async def create_gym(
    person: RunsNetwork, people: PeopleHere, body: Annotated[GymNew, Depends(json_body(GymNew))]
) -> Any:
    """A gym without kiosks and members."""
    _require_timezone(body.timezone)
    values = {**body.model_dump(), "opening_hours": Jsonb(body.opening_hours)}
    async with people.as_person(person) as connection, _rules():
        made = await network.change(connection, "create_gym", **values)
        return await _one(connection, "gyms", made, "gym")


@router.patch(
    "/gyms/{gym_id}", operation_id="change_gym", response_model=GymRecord, responses=_CHANGING, **taking(GymChange)
)  # fmt: skip
async def change_gym(
    gym_id: UUID,
    person: ManagesGyms,
    people: PeopleHere,
    body: Annotated[GymChange, Depends(json_body(GymChange))],
) -> Any:
    """What is given is changed; the state only by who runs the network; a `voice_budget_usd` of null is no budget."""
    _require_timezone(body.timezone)
    values = body.model_dump(exclude=BUDGET_FIELDS)
    values["opening_hours"] = None if body.opening_hours is None else Jsonb(body.opening_hours)
    async with people.as_person(person) as connection, _rules():
        await network.change(connection, "change_gym", id=gym_id, **values)
        if BUDGET_FIELDS & body.model_fields_set:
            await network.change(
                connection, "change_voice_budget", id=gym_id, is_given="voice_budget_usd" in body.model_fields_set,
                usd=body.voice_budget_usd, cheaper_share=body.voice_budget_cheaper_share,
            )  # fmt: skip
        return await _one(connection, "gyms", gym_id, "gym")


@router.get("/users", operation_id="list_users", response_model=Page[User])
async def list_users(
    person: ManagesGyms,
    people: PeopleHere,
    paging: PersonPaging,
    gym_id: UUID | None = None,
    role: RoleName | None = None,
    is_active: bool | None = None,
) -> Any:
    """Those of the gyms and franchises the person sees, the latest first."""
    async with people.as_person(person) as connection:
        return await _page(connection, "users", paging, gym_id=gym_id, role=role, is_active=is_active)


@router.post(
    "/users", operation_id="create_user", status_code=201, response_model=User, responses=_WRITING, **taking(UserNew)
)  # fmt: skip
async def create_user(
    person: ManagesGyms, people: PeopleHere, proof: ProofHere, body: Annotated[UserNew, Depends(json_body(UserNew))]
) -> Any:
    """An owner makes managers and staff of their gyms, a manager staff of theirs, a super_admin anybody.

    Only within ten minutes of the sign-in, or of `POST /api/auth/confirm`: later it answers `not_proven`.
    """
    values = body.model_dump(exclude={"password"})
    password_hash = await people.passwords.hash_of(body.password)
    async with people.as_person(person) as connection, _rules():
        made = await network.change(connection, "create_account", **proof, **values, password_hash=password_hash)
        return await _one(connection, "users", made, "user")


@router.patch(
    "/users/{user_id}", operation_id="change_user", response_model=User, responses=_CHANGING, **taking(UserChange)
)  # fmt: skip
async def change_user(
    user_id: UUID,
    person: ManagesGyms,
    people: PeopleHere,
    proof: ProofHere,
    body: Annotated[UserChange, Depends(json_body(UserChange))],
) -> Any:
    """What is given is changed: `{"is_active": false}` suspends, and is felt at the user's next request.

    Only within ten minutes of the sign-in, or of `POST /api/auth/confirm`: later it answers `not_proven`.
    """
    values = {**body.model_dump(exclude={"password"}), **proof}
    password_hash = None if body.password is None else await people.passwords.hash_of(body.password)
    async with people.as_person(person) as connection, _rules():
        await network.change(connection, "change_account", id=user_id, **values, password_hash=password_hash)
        return await _one(connection, "users", user_id, "user")


@router.get("/kiosks", operation_id="list_kiosks", response_model=Page[KioskRecord])
async def list_kiosks(
    person: ManagesGyms,
    people: PeopleHere,
    paging: PersonPaging,
    gym_id: UUID | None = None,
    status: KioskStatus | None = None,
) -> Any:
    """Those of the gyms the person sees, the latest first."""
    async with people.as_person(person) as connection:
        return await _page(connection, "kiosks", paging, gym_id=gym_id, status=status)


@router.post(
    "/kiosks", operation_id="create_kiosk", status_code=201, response_model=KioskRecord,
    responses=_CHANGING, **taking(KioskNew),
)  # fmt: skip
async def create_kiosk(
    person: ManagesGyms, people: PeopleHere, body: Annotated[KioskNew, Depends(json_body(KioskNew))]
) -> Any:
    """A kiosk that waits for its code."""
    async with people.as_person(person) as connection, _rules():
        made = await network.change(connection, "create_kiosk", **body.model_dump(), slug=slug_of(body.name))
        if made is None:
            raise unknown("gym")
        return await _one(connection, "kiosks", made, "kiosk")


@router.post(
    "/kiosks/{kiosk_id}/code", operation_id="issue_kiosk_code", status_code=201, response_model=KioskCode,
    responses=refusals(404, 409),
)  # fmt: skip
async def issue_kiosk_code(
    kiosk_id: UUID,
    person: ManagesGyms,
    people: PeopleHere,
    answer: Response,
    holder: Annotated[Holder, Query(description="Who is to use it: the kiosk's page, or the agent beside it.")] = (
        Holder.PAGE
    ),
) -> Any:
    """The one code that provisions this holder at the kiosk, for ten minutes; those before it are worthless."""
    code = await _issued_code(people, person, kiosk_id, holder)
    answer.headers["Cache-Control"] = "no-store"
    return {"kiosk_id": kiosk_id, "holder": holder, "code": code, "valid_minutes": CODE_VALID_MINUTES}


@router.post(
    "/kiosks/{kiosk_id}/revoke", operation_id="revoke_kiosk", response_model=KioskRevocation, responses=refusals(404)
)  # fmt: skip
async def revoke_kiosk(kiosk_id: UUID, person: ManagesGyms, people: PeopleHere) -> Any:
    """Its device token and its codes open nothing any more."""
    async with people.as_person(person) as connection:
        revoked = await network.change(connection, "revoke_kiosk", id=kiosk_id)
    if revoked is None:
        raise unknown("kiosk")
    return {"kiosk_id": kiosk_id, "revoked_count": revoked}


@router.get("/audit", operation_id="list_audit", response_model=Page[AuditEntry])
async def list_audit(
    person: SeesAudit,
    people: PeopleHere,
    paging: PersonPaging,
    gym_id: UUID | None = None,
    actor_user_id: UUID | None = None,
    action: Annotated[str | None, Query(max_length=64, pattern=r"^[a-z_]+$")] = None,
) -> Any:
    """Who did what in the gyms the person sees, the latest first; of the network itself, to who runs it."""
    after = (paging.key(0), paging.key(1))
    async with people.as_person(person) as connection:
        rows = await network.rows_of(
            connection, "audit", asked=paging.asked, after=after, gym_id=gym_id, actor_user_id=actor_user_id,
            action=action,
        )  # fmt: skip
    return paging.page(rows, "occurred_at", "id")


async def _issued_code(people: People, person: Scope, kiosk_id: UUID, holder: Holder) -> str:
    for code in new_codes():
        stored = stored_code(code)
        try:
            async with people.as_person(person) as connection:
                is_known = await network.change(
                    connection, "issue_kiosk_code", id=kiosk_id, holder=holder.value, lookup=stored.lookup,
                    code_hash=stored.hash, valid_minutes=CODE_VALID_MINUTES,
                )  # fmt: skip
        except psycopg.errors.UniqueViolation:
            continue
        if not is_known:
            raise unknown("kiosk")
        return code
    raise Refused(409, "already_taken", f"found {CODE_TRIES} new codes taken, expected a free one: try again")


async def _page(connection: PersonConnection, listing: network.Listing, paging: Paging, **filters: Any) -> Any:
    after = (paging.key(0), paging.key(1))
    rows = await network.rows_of(connection, listing, asked=paging.asked, after=after, **filters)
    return paging.page(rows, "created_at", "id")


async def _one(connection: PersonConnection, listing: network.Listing, identity: UUID, what: str) -> dict[str, Any]:
    rows = await network.rows_of(connection, listing, asked=1, id=identity)
    return found(rows[0] if rows else None, what)


@asynccontextmanager
async def _rules() -> AsyncIterator[None]:
    """What a rule of the tables refuses is answered as such, without the row it names."""
    try:
        yield
    except psycopg.errors.UniqueViolation:
        raise Refused(
            409, "already_taken", "found this slug, e-mail or name in use already, expected another one"
        ) from None
    except psycopg.errors.ForeignKeyViolation as error:
        if error.diag.constraint_name == "user_s_gym_is_of_their_franchise":
            raise Refused(
                409, "foreign_franchise", "found a gym of another franchise, expected the gym's own, or none"
            ) from None
        raise Refused(
            409, "unknown_place", "found a franchise or gym that does not exist, expected one of the lists"
        ) from None
    except psycopg.errors.CheckViolation:
        raise Refused(
            409, "rule_broken",
            "found a combination that cannot be, expected franchise_id for an owner, gym_id for a manager or staff, "
            "one of both for an analyst",
        ) from None  # fmt: skip
    except psycopg.errors.ObjectNotInPrerequisiteState:
        raise Refused(
            409, "own_account", "found your own account, expected another one: somebody else must suspend you"
        ) from None
    except psycopg.errors.RestrictViolation:
        raise Refused(
            409, "last_administrator", "found the last active super_admin, expected another one first: make one"
        ) from None
    except psycopg.errors.RaiseException as error:
        if not lacks_proof(error):
            raise
        raise Refused(
            403, "not_proven",
            "found a sign-in or a proof of over ten minutes ago, expected a recent one: POST /api/auth/confirm",
        ) from None  # fmt: skip


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


def _require_timezone(name: str | None) -> None:
    if name is not None and name not in _timezones():
        raise Refused(422, "invalid_timezone", "found no time zone of this name, expected one such as Europe/Paris")

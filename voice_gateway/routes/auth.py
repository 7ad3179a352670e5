"""Signing in and out over the API: an e-mail and a password become a bearer token, kept as its hash only.

Every refusal is the same words after the same time. A token is a session like those of the managers' pages:
it ends after 8 hours without use, after 24 hours in any case, at sign-out, and when its person is suspended.
"""

import math
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from jarvis.tenancy import Permission, Scope, UserRole
from voice_gateway.people import People
from voice_gateway.rates import RateClass
from voice_gateway.routes.answers import ALWAYS, Refused, refusals
from voice_gateway.routes.bodies import json_body, taking
from voice_gateway.routes.callers import bearer_token, client_ip
from voice_gateway.routes.guards import PeopleHere, PersonHere, own_origin, person_or_address
from voice_gateway.routes.limits import limited
from warehouse.stores.accounts import PROOF_AGE, CodeAnswer
from warehouse.stores.sign_in import IDLE_LIMIT, LIFETIME, AddressClosed, Opened, Stage

router = APIRouter(
    prefix="/api/auth",
    tags=["auth"],
    dependencies=[Depends(own_origin), Depends(limited(RateClass.API, caller_of=person_or_address))],
)


class SignIn(BaseModel):
    """Who signs in."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"email": "manager@example.org", "password": "une phrase"}]}
    )

    email: Annotated[str, Field(min_length=1, max_length=254)]
    password: Annotated[str, Field(min_length=1, max_length=256)]
    code: Annotated[
        str | None,
        Field(max_length=32, description="Of the person's application, or for recovery; due where they have one."),
    ] = None


class Person(BaseModel):
    """The signed-in person and what they stand for."""

    user_id: UUID
    full_name: str
    role: UserRole
    gym_id: UUID | None
    gym_name: str | None
    franchise_id: UUID | None
    franchise_name: str | None
    permissions: list[Permission]


class Session(BaseModel):
    """A session that is open now."""

    token: Annotated[str, Field(description="Send it as `Authorization: Bearer …`; it is shown this once.")]
    token_type: Annotated[str, Field(examples=["bearer"])]
    expires_in_seconds: Annotated[int, Field(description="Its end in any case.")]
    idle_limit_seconds: Annotated[int, Field(description="Its end without a request.")]
    person: Person


@router.post(
    "/sign-in",
    operation_id="sign_in",
    summary="Open a session",
    responses=refusals(400, 401, 403, 413, 422, 429, 500, 503),
    **taking(SignIn),
)
async def sign_in(
    request: Request, body: Annotated[SignIn, Depends(json_body(SignIn))], people: PeopleHere, answer: Response
) -> Session:
    """An e-mail and a password become a session, with a code where the person has a second factor."""
    visitor = people.visitor(user_agent=request.headers.get("user-agent", ""), address=client_ip(request))
    try:
        opened = await people.passwords.session_for(body.email.strip(), body.password, visitor)
    except AddressClosed as closed:
        raise _address_closed(closed) from None
    if opened is None:
        # The same words for unknown, wrong, closed and suspended: no oracle for guessing.
        raise Refused(
            401, "sign_in_refused",
            "found no open account with this e-mail and password, expected both right: after five wrong passwords an "
            "account is closed for fifteen minutes",
            headers={"WWW-Authenticate": "Bearer"},
        )  # fmt: skip
    token = await _past_second_factor(people, opened, body.code)
    person = await people.holder_of(token)
    if person is None:
        raise Refused(
            401, "sign_in_refused", "found a session that ended at once, expected it to last: sign in again",
            headers={"WWW-Authenticate": "Bearer"},
        )  # fmt: skip
    answer.headers["Cache-Control"] = "no-store"
    return Session(
        token=token,
        token_type="bearer",
        expires_in_seconds=int(LIFETIME.total_seconds()),
        idle_limit_seconds=int(IDLE_LIMIT.total_seconds()),
        person=_described(person),
    )


class Proof(BaseModel):
    """Who is asking, again."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"password": "une phrase"}]})

    password: Annotated[str, Field(min_length=1, max_length=256)]
    code: Annotated[
        str | None,
        Field(max_length=32, description="Of the person's application, or for recovery; due where they have one."),
    ] = None


class ProvenSession(BaseModel):
    """The same session under a new token; the one before opens nothing any more."""

    token: Annotated[str, Field(description="Send it as `Authorization: Bearer …`; it is shown this once.")]
    proven_for_seconds: Annotated[int, Field(description="So long it may change people's access.")]


@router.post(
    "/confirm",
    operation_id="confirm_identity",
    summary="Prove who is asking",
    responses=refusals(400, 401, 413, 422, 429, 500, 503),
    **taking(Proof),
)
async def confirm_identity(
    request: Request,
    body: Annotated[Proof, Depends(json_body(Proof))],
    _person: PersonHere,
    people: PeopleHere,
    answer: Response,
) -> ProvenSession:
    """What changes other people's access asks for a proof of the last ten minutes; a sign-in is one."""
    visitor = people.visitor(user_agent=request.headers.get("user-agent", ""), address=client_ip(request))
    held = bearer_token(request.headers.get("authorization")) or ""
    try:
        token = await people.confirm(held, password=body.password, code=body.code, visitor=visitor)
    except AddressClosed as closed:
        raise _address_closed(closed) from None
    if token is None:
        raise Refused(
            401, "proof_refused",
            "found a wrong password, or a wrong or missing code, expected those of this session's person",
            headers={"WWW-Authenticate": "Bearer"},
        )  # fmt: skip
    answer.headers["Cache-Control"] = "no-store"
    return ProvenSession(token=token, proven_for_seconds=int(PROOF_AGE.total_seconds()))


@router.post("/sign-out", operation_id="sign_out", summary="End the session", status_code=204, responses=ALWAYS)
async def sign_out(request: Request, _person: PersonHere, people: PeopleHere) -> None:
    """The token opens no door any more."""
    await people.end(bearer_token(request.headers.get("authorization")) or "")


@router.get("/me", operation_id="who_am_i", summary="Who is signed in", responses=ALWAYS)
async def who_am_i(person: PersonHere) -> Person:
    """The person, their place in the network, and what their role may do."""
    return _described(person)


def _address_closed(closed: AddressClosed) -> Refused:
    return Refused(
        429, "address_closed",
        "found too many refused sign-ins from this address, expected a wait: come back after Retry-After",
        headers={"Retry-After": str(math.ceil(closed.seconds))},
    )  # fmt: skip


async def _past_second_factor(people: People, opened: Opened, code: str | None) -> str:
    if opened.stage is Stage.OPEN:
        return opened.token
    if opened.stage is Stage.AWAITS_CODE and code is not None:
        renewed = await people.enter_code(opened.token, code)
        if not isinstance(renewed, CodeAnswer):
            return renewed
        raise Refused(
            401, "code_refused",
            "found a wrong code, a spent one, or too many wrong ones before it, expected the one shown now",
            headers={"WWW-Authenticate": "Bearer"},
        )  # fmt: skip
    await people.end(opened.token)
    if opened.stage is Stage.AWAITS_CODE:
        raise Refused(
            401, "code_required", "found no code, expected the one of the person's application: send it as code",
            headers={"WWW-Authenticate": "Bearer"},
        )  # fmt: skip
    raise Refused(
        403, "second_factor_missing",
        "found a super_admin without a second factor, expected one: sign in to the dashboards and set it up",
    )  # fmt: skip


def _described(person: Scope) -> Person:
    return Person(
        user_id=person.user_id,
        full_name=person.full_name,
        role=person.role,
        gym_id=person.gym_id,
        gym_name=person.gym_name,
        franchise_id=person.franchise_id,
        franchise_name=person.franchise_name,
        permissions=[permission for permission in Permission if person.may(permission)],
    )

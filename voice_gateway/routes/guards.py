"""Who calls a route: a signed-in person, or a kiosk by its device token; checked before anything else is read.

Dependencies for the routers, with the security schemes that OpenAPI shows.
"""

from collections.abc import Callable, Coroutine, Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from starlette.requests import HTTPConnection

from jarvis.kiosks import Kiosk
from jarvis.tenancy import Permission, Scope
from voice_gateway.people import People
from voice_gateway.routes.answers import Refused
from voice_gateway.routes.callers import (
    DATABASE_AWAY,
    bearer_token,
    calling_kiosk,
    client_ip,
    gym_suspended,
    unknown_token,
)
from warehouse.stores.accounts import PROOF_AGE
from warehouse.stores.sign_in import hashed

_SESSION = HTTPBearer(
    scheme_name="person", description="The token of `POST /api/auth/sign-in`.", auto_error=False
)  # fmt: skip
DEVICE = HTTPBearer(
    scheme_name="kiosk", description="The device token of `POST /api/kiosk/provision`.", auto_error=False
)  # fmt: skip

_PERSON = "person"


def is_own_origin(connection: HTTPConnection) -> bool:
    """False for a page of another site: CORS does not guard websockets. Programs and devices send no Origin."""
    origin = connection.headers.get("origin")
    try:
        return origin is None or urlsplit(origin).netloc == connection.headers.get("host")
    except ValueError:
        return False


def foreign_origin() -> Refused:
    """Another site's page asks."""
    return Refused(403, "foreign_origin", "found a page of another site, expected one served by this gateway")


async def own_origin(request: Request) -> None:
    """The request comes from no page of another site."""
    if not is_own_origin(request):
        raise foreign_origin()


def people_of(request: Request) -> People:
    """The way to the database for signed-in people."""
    people: People = request.app.state.people
    return people


async def calling_person(request: Request) -> Scope | None:
    """The person whose session the bearer token opens now, asked for once a request; None without one."""
    if not hasattr(request.state, _PERSON):
        token = bearer_token(request.headers.get("authorization"))
        setattr(request.state, _PERSON, await people_of(request).holder_of(token) if token is not None else None)
    person: Scope | None = getattr(request.state, _PERSON)
    return person


async def person_or_address(request: Request) -> str:
    """`user/<id>` with a session, else `ip/<address>`: for the limits of routes whose callers are people."""
    try:
        person = await calling_person(request)
    except DATABASE_AWAY:
        person = None
    return f"ip/{client_ip(request)}" if person is None else f"user/{person.user_id}"


async def proof_of_session(request: Request) -> Mapping[str, object]:
    """What the database needs to see that the session was proven lately: who asks is not who found the token."""
    token = bearer_token(request.headers.get("authorization")) or ""
    return {"token_hash": hashed(token), "proof_age": PROOF_AGE}


async def signed_in(request: Request, _scheme: Annotated[object, Depends(_SESSION)]) -> Scope:
    """The person whose session the bearer token opens now."""
    person = await calling_person(request)
    if person is None:
        raise Refused(
            401, "invalid_session",
            "found no valid session, expected the token of POST /api/auth/sign-in: sign in again",
            headers={"WWW-Authenticate": "Bearer"},
        )  # fmt: skip
    return person


def may(permission: Permission) -> Callable[..., Coroutine[Any, Any, Scope]]:
    """A dependency: the signed-in person, whose role allows this."""

    async def allowed(person: Annotated[Scope, Depends(signed_in)]) -> Scope:
        if not person.may(permission):
            raise Refused(
                403, "not_allowed", f"found the role {person.role}, expected one that may {permission}: ask a manager"
            )
        return person

    return allowed


async def at_kiosk(request: Request, _scheme: Annotated[object, Depends(DEVICE)]) -> Kiosk:
    """The kiosk whose device token this is."""
    kiosk = await calling_kiosk(request)
    if kiosk is None:
        raise unknown_token()
    if not kiosk.is_served:
        raise gym_suspended(kiosk)
    return kiosk


PersonHere = Annotated[Scope, Depends(signed_in)]
PeopleHere = Annotated[People, Depends(people_of)]
ProofHere = Annotated[Mapping[str, object], Depends(proof_of_session)]
KioskHere = Annotated[Kiosk, Depends(at_kiosk)]

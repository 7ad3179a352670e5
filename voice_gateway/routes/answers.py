"""What every HTTP route may answer besides success: one shape of error, described in OpenAPI, and who gives it.

Routes raise `Refused`; what the framework, the pools or Postgres raise is put into the same shape here, so
that no caller ever reads a stack trace, a quoted value or a page of HTML.
"""

import logging
from typing import Annotated, Any

import psycopg
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from psycopg_pool import PoolTimeout
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from jarvis.logs import place_of
from warehouse.stores.sign_in import TooManyTries

log = logging.getLogger(__name__)

WHERE_TO_READ = "one of docs/doors/kiosks.md or docs/doors/api.md"


class ErrorDetail(BaseModel):
    """What was found, what was expected and what to do."""

    type: Annotated[str, Field(examples=["invalid_request_error"])]
    code: Annotated[str, Field(examples=["invalid_token"], description="A constant to compare with.")]
    message: Annotated[str, Field(description="For a person; quotes nothing of the request.")]


class ErrorAnswer(BaseModel):
    """Every refusal, whatever its status."""

    error: ErrorDetail


class Refused(Exception):
    """The request is answered with a clear no."""

    def __init__(self, status: int, code: str, message: str, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers

    def answer(self) -> JSONResponse:
        """The no, in the shape of the Realtime API's errors."""
        body = {"error": {"type": "invalid_request_error", "code": self.code, "message": str(self)}}
        return JSONResponse(body, status_code=self.status, headers=self.headers)


def database_away() -> Refused:
    """Nothing can be checked or kept now."""
    return Refused(
        503, "database_unavailable", "the database does not answer: try again in a few seconds",
        headers={"Retry-After": "5"},
    )  # fmt: skip


_MEANINGS = {
    400: "The request cannot be read: no JSON, a character that cannot be stored, a cursor of another list.",
    401: "No valid bearer token.",
    403: "The caller may not do this, or asks from a page of another site.",
    404: "There is none, or none that the caller sees: the answer is the same.",
    409: "It is not in a state to do this.",
    410: "It was here, and is no longer given out.",
    413: "The body is larger than 64 KiB.",
    422: "A field or parameter is not as described.",
    429: "Too many requests in this minute: wait as `Retry-After` says.",
    500: "A fault of ours; it is in the log.",
    503: "The database does not answer, or what was asked for is not built yet: try again.",
}

Responses = dict[int | str, dict[str, Any]]


def refusals(*statuses: int) -> Responses:
    """The refusals of a route, for its description."""
    return {status: {"model": ErrorAnswer, "description": _MEANINGS[status]} for status in sorted(statuses)}


# Any route that asks the database for somebody.
ALWAYS = refusals(400, 401, 403, 422, 429, 500, 503)


def install(app: FastAPI) -> None:
    """Whatever a route raises is answered in the one shape."""
    app.add_exception_handler(HTTPException, _wrong_address)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _not_as_described)
    app.add_exception_handler(psycopg.Error, _database_refused)
    app.add_exception_handler(TooManyTries, _crowded)
    app.add_exception_handler(PoolTimeout, _database_away)
    app.add_exception_handler(Exception, _fault)


async def _wrong_address(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else None
    if status == 405 and (methods := _methods_of(request)):
        # The framework names the methods of one route only; an address may have several.
        headers = {**(headers or {}), "Allow": ", ".join(methods)}
    message = f"found {request.method} on an address that does not take it, expected {WHERE_TO_READ}"
    return Refused(status, "method_not_allowed" if status == 405 else "not_found", message, headers=headers).answer()


def _methods_of(request: Request) -> list[str]:
    """Every method that the asked address takes, as OpenAPI has it; none for an address that is not in it."""
    paths = request.app.openapi()["paths"]
    found = (methods for path, methods in paths.items() if compile_path(path)[0].match(request.url.path))
    return sorted({method.upper() for methods in found for method in methods})


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return error.answer()


async def _not_as_described(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    # The name is ours, from the route; pydantic's sentence says what was expected and quotes no value.
    where = " ".join(str(part) for part in first["loc"])
    message = f"found a wrong {where} ({first['msg']}), expected it as described"
    return Refused(422, "invalid_parameter", message).answer()


async def _database_refused(request: Request, error: Exception) -> Response:
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        message = "found a person who may not do this, expected one whose role allows it"
        return Refused(403, "not_allowed", message).answer()
    if isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError)):
        return database_away().answer()
    if isinstance(error, psycopg.DataError):
        # Not named: the database's own message would quote it.
        message = "found a value that cannot be stored, expected plain JSON text and numbers"
        return Refused(400, "invalid_value", message).answer()
    return await _fault(request, error)


async def _database_away(_request: Request, _error: Exception) -> Response:
    return database_away().answer()


async def _crowded(_request: Request, _error: Exception) -> Response:
    message = "found too many passwords to check at once, expected fewer: try again in a moment"
    return Refused(503, "too_many_passwords", message, headers={"Retry-After": "1"}).answer()


async def _fault(request: Request, error: Exception) -> Response:
    # Type and place only: the message could quote a row.
    log.error(
        "a request failed",
        extra={
            "path": getattr(request.scope.get("route"), "path", None),
            "error": type(error).__name__,
            "place": place_of(error),
        },
    )
    return Refused(500, "fault", "found a fault of the gateway's own, expected an answer: tell the operator").answer()

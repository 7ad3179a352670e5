"""Reads the JSON body of a kiosk's HTTP call: small, plain, and as its model says; everything else is one clear no.

FastAPI would read a body of any size before our code runs, and answer in a shape of its own.
"""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import orjson
from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect

from voice_gateway.routes.answers import Refused

MAX_BODY_BYTES = 64 * 1024
_MAX_DEPTH = 16

Model = TypeVar("Model", bound=BaseModel)


async def read_body(request: Request, model: type[Model]) -> Model:
    """The body as the model describes it.

    Raises:
        Refused: when it is too large, no JSON object, or not as the model says.
    """
    try:
        content = orjson.loads(await _bytes_of(request))
    except orjson.JSONDecodeError:
        raise Refused(400, "invalid_json", "found a body that is not JSON, expected one JSON object") from None
    except ClientDisconnect:
        raise Refused(400, "invalid_json", "found half a body, expected one JSON object") from None
    if not isinstance(content, dict):
        raise Refused(400, "invalid_json", "found JSON that is not an object, expected one JSON object")
    for name, value in content.items():
        _check_plain(name, value)
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        known = ", ".join(model.model_fields)
        if not first["loc"]:
            # Fields that do not go together: the model says it in our own words.
            raise Refused(422, "invalid_body", first["msg"].removeprefix("Value error, ")) from None
        # A key that the model does not have is the caller's own words.
        field = str(first["loc"][0]) if first["loc"] and first["loc"][0] in model.model_fields else ""
        found = f"a wrong {field} ({first['msg']})" if field else f"an unknown field ({first['msg']})"
        raise Refused(422, "invalid_body", f"found {found}, expected an object with {known}") from None


def json_body(model: type[Model]) -> Callable[[Request], Coroutine[Any, Any, Model]]:
    """A dependency: the body as the model describes it, read when those before it have let the caller in."""

    async def read(request: Request) -> Model:
        return await read_body(request, model)

    return read


def taking(model: type[BaseModel]) -> dict[str, Any]:
    """What OpenAPI says of a route's body: the model's own schema, which names no other one."""
    content = {"application/json": {"schema": model.model_json_schema()}}
    return {"openapi_extra": {"requestBody": {"required": True, "content": content}}}


async def _bytes_of(request: Request) -> bytes:
    read = bytearray()
    async for piece in request.stream():
        read += piece
        if len(read) > MAX_BODY_BYTES:
            raise Refused(
                413,
                "body_too_large",
                f"found a body of more than {MAX_BODY_BYTES} bytes, expected less: leave out details",
            )
    return bytes(read)


def _check_plain(name: str, value: Any) -> None:
    """Without the character U+0000, which Postgres cannot keep, and not nested without end."""
    layer: list[Any] = [name, value]
    for _ in range(_MAX_DEPTH):
        if any(isinstance(part, str) and "\x00" in part for part in layer):
            raise Refused(400, "invalid_character", "found the character U+0000 in the body, expected text without it")
        layer = [
            inner
            for part in layer
            if isinstance(part, (dict, list))
            for inner in (part if isinstance(part, list) else (*part.keys(), *part.values()))
        ]
        if not layer:
            return
    raise Refused(400, "nested_too_deep", f"found more than {_MAX_DEPTH} levels of nesting, expected fewer")

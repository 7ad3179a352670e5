"""How long each HTTP route takes and what it answers, for `/metrics`; websockets have meters of their own."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jarvis.meters import NO_ROUTE
from voice_gateway.services import Services

# Asked every few seconds by whoever watches: they would drown what people wait for.
_PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Timing:
    """ASGI middleware: each answered request is counted by method, route and class of status."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The request is answered, and in the meters."""
        if scope["type"] != "http" or scope["path"] in _PROBES:
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def noting_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting_status)
        finally:
            services: Services | None = getattr(scope["app"].state, "services", None)
            if services is not None:
                route = getattr(scope.get("route"), "path", NO_ROUTE)
                method = scope["method"] if scope["method"] in _METHODS else "other"
                services.metrics.http_latency.labels(method, route).observe(time.perf_counter() - began)
                services.metrics.http_answers.labels(method, route, f"{status // 100}xx").inc()

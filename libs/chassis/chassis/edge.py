"""The ASGI edge of an inner service: shared secret, principal, trace, metrics."""

import hmac
import time
from typing import Any

from chassis.metrics import REQUESTS, SECONDS
from chassis.principal import HEADER, TOKEN_HEADER, Principal
from chassis.problem import Problem
from chassis.tracing import span

OPEN = {"/livez", "/readyz", "/metrics"}


class InnerEdge:
    """Refuses callers without the shared secret; puts `principal` in the scope."""

    def __init__(self, app: Any, service: str, token: str) -> None:
        self._app, self._service, self._token = app, service, token.encode()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] in OPEN:
            await self._app(scope, receive, send)
            return
        headers = {key.decode("latin-1"): value for key, value in scope["headers"]}
        if not self._token or not hmac.compare_digest(headers.get(TOKEN_HEADER, b""), self._token):
            problem = Problem(401, "no_principal", "Calls come through the gateway")
            await problem.response()(scope, receive, send)
            return
        if HEADER in headers:
            scope["principal"] = Principal.from_header(headers[HEADER].decode("latin-1"))
        await self._timed(scope, receive, send, headers)

    async def _timed(self, scope: Any, receive: Any, send: Any, headers: dict[str, bytes]) -> None:
        started, status = time.perf_counter(), 500

        async def watch(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        carrier = {"traceparent": headers.get("traceparent", b"").decode("latin-1")}
        try:
            with span(f"{scope['method']} {self._service}", carrier):
                await self._app(scope, receive, watch)
        finally:
            REQUESTS.labels(self._service, scope["method"], status).inc()
            SECONDS.labels(self._service, scope["method"]).observe(time.perf_counter() - started)

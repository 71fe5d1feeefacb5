"""The front door: every request passes here, in this order.

Match → token → role → limit → body → edge, or seal and forward, or the gateway's own routes →
open and mask → audit → answer.
"""

import time
from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from chassis.logs import log
from chassis.metrics import REQUESTS, SECONDS
from chassis.principal import Principal
from chassis.problem import Problem
from contracts.auditing import Action, Decision
from contracts.operations import Operation
from contracts.roles import Role
from gateway_service.access.domain import Refusal, refusal
from gateway_service.access.limits import address
from gateway_service.audit.calls import Refusals, entry_of
from gateway_service.audit.domain import Entry
from gateway_service.parts import Parts
from gateway_service.proxy.call import Call
from gateway_service.proxy.client import Answer, Gone, Header
from gateway_service.proxy.edges import EDGES
from gateway_service.proxy.forward import UNFIT, problem_answer
from gateway_service.proxy.own import through
from gateway_service.proxy.routes import Routes
from gateway_service.proxy.trace import REQUEST_ID, Trace, traced
from gateway_service.signatures.verify import Signed, Unsigned, signature_problem

HEALTH = frozenset({"/livez", "/readyz", "/metrics"})
OWN = "gateway"
_NOBODY = Principal(Role.ANALYST, "")  # of open operations
_DROPPED = frozenset(
    {b"connection", b"content-length", b"date", b"keep-alive", b"server", b"transfer-encoding"}
)
_REFUSALS = {
    Refusal.ROLE: "Your role may not do this",
    Refusal.FOREIGN: "A member may only touch what is the member's own",
}
_REFUSED = frozenset({403, 409, 429})  # what is told as refused; others are faults
_TOO_SLOW = Problem(504, "too_slow", "A service did not answer in time")
_OUR_FAULT = Problem(500, "internal", "Something went wrong on our side")


class HungUp(Exception):
    """The caller hung up while sending."""


class Front:
    """The ASGI app that the server runs; `app` answers the gateway's own routes."""

    def __init__(self, app: Any, parts: Parts, operations: list[Operation]) -> None:
        settings = parts.settings
        self.app, self._parts = app, parts
        self._routes = Routes(o for o in operations if settings.dev or not o.dev_only)
        self._most, self._recorded = settings.max_body_bytes, bool(settings.otlp_endpoint)
        self._proxies = settings.trusted_proxies
        self._refusals = Refusals()
        self.state = app.state

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] in HEALTH:
            await self.app(scope, receive, send)
            return
        started, method = time.perf_counter(), scope["method"]
        headers = dict(scope["headers"])
        with traced(f"{method} gateway", headers, recorded=self._recorded) as trace:
            try:
                answer = await self._answer(scope, headers, receive, trace)
            except HungUp:
                return
            except Problem as problem:
                answer = problem_answer(problem)
            except Gone as gone:
                answer = problem_answer(gone.problem())
            except TimeoutError:
                answer = problem_answer(_TOO_SLOW)
            except msgspec.DecodeError as error:
                log.error("unfit_answer", method=method, error=type(error).__name__)
                answer = problem_answer(UNFIT)
            except Exception:  # noqa: BLE001 - the caller gets a problem, the log what it was
                log.exception("unexpected", method=method)
                answer = problem_answer(_OUR_FAULT)
        await _write(send, answer, trace)
        _counter(method, answer.status).inc()
        _histogram(method).observe(time.perf_counter() - started)

    async def _answer(
        self, scope: Any, headers: dict[bytes, bytes], receive: Any, trace: Trace
    ) -> Answer:
        path: bytes = scope["raw_path"]
        operation, params = self._routes.match(scope["method"], path)
        principal, signed = _NOBODY, None
        if not operation.open:
            principal, signed = await self._caller(scope, headers, operation)
        call = Call(operation, path, scope["query_string"], params, headers, principal, trace)
        try:
            answer = await self._done(call, scope, receive, signed)
        except Problem as problem:
            await self._told(call, problem.status)
            raise
        await self._told(call, answer.status)
        return answer

    async def _done(self, call: Call, scope: Any, receive: Any, signed: Signed | None) -> Answer:
        operation, principal = call.operation, call.principal
        who, refused = principal.subject, None
        if operation.open:
            who = address(scope, call.headers, self._proxies)
        else:
            refused = refusal(operation, principal.role, principal.member_id, call.params)
        if operation.counted and not refused:
            await self._parts.limits.charge(None, who)
        else:
            await self._parts.limits.take(who)
        call.state()
        if refused:
            raise Problem(403, refused, _REFUSALS[refused])
        call.body = await self._body(call.headers, receive)
        if signed is not None:
            signed.check(call.body)
        if operation.service == OWN:
            answer = await through(self.app, scope, call)
        elif operation.edge:
            answer = await EDGES[operation.edge](self._parts.forward, call)
        else:
            answer = await self._parts.forward.plain(call)
        return await self._parts.views.shown(call, answer)

    async def _told(self, call: Call, status: int) -> None:
        """The audit hears of it before the answer leaves."""
        entries, operation = call.entries, call.operation
        if status in _REFUSED and not (call.audited or operation.open):
            reading = Action.READ if operation.method == "GET" and call.member_id else None
            action = operation.audited or reading
            if action is not None:
                entries.append(entry_of(call, action, Decision.REFUSED))
        elif operation.audited and status < 400 and operation.service != OWN and not call.audited:
            entries.append(entry_of(call, operation.audited, Decision.DONE))
        for entry in entries:
            if entry.decision is not Decision.REFUSED or self._refusals.count(entry):
                await self._parts.audit.record_now(entry)

    async def _caller(
        self, scope: Any, headers: dict[bytes, bytes], operation: Operation
    ) -> tuple[Principal, Signed | None]:
        """By bearer token, by signature, or a partner by both. Raises Problem 401 or 503."""
        bearer = headers.get(b"authorization")
        if b"signature-input" not in headers:
            return await self._parts.tokens.principal(bearer), None
        principal = await self._parts.tokens.principal(bearer) if bearer else None
        if principal is not None and principal.role is not Role.PARTNER:
            return principal, None  # whoever stands in between may sign for purposes of his own
        try:
            signed = await self._parts.signatures.caller(
                scope["method"], scope["raw_path"], scope["query_string"], headers
            )
        except Unsigned as unsigned:
            entry = Entry(
                action=Action.SIGN_IN, decision=Decision.REFUSED, operation=operation.name,
                role=unsigned.role, subject=unsigned.client_id,
            )  # fmt: skip
            if self._refusals.count(entry):
                await self._parts.audit.record_now(entry)
            raise
        if principal is not None and principal.subject != signed.principal.subject:
            raise signature_problem("signature_invalid", "Token and signature are of two clients")
        return signed.principal, signed

    async def _body(self, headers: Mapping[bytes, bytes], receive: Any) -> bytes:
        """The whole body. Raises Problem 413 for one that is too large."""
        declared = headers.get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self._most:
            raise self._too_large()
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise HungUp
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > self._most:
                raise self._too_large()
            if not message.get("more_body"):
                return b"".join((*chunks, chunk)) if chunks else chunk
            chunks.append(chunk)

    def _too_large(self) -> Problem:
        detail = f"a body has {self._most} bytes at most"
        return Problem(413, "body_too_large", "The body is too large", detail=detail)


@cache
def _counter(method: str, status: int) -> Any:
    return REQUESTS.labels(OWN, method, status)


@cache
def _histogram(method: str) -> Any:
    return SECONDS.labels(OWN, method)


async def _write(send: Any, answer: Answer, trace: Trace) -> None:
    headers: list[Header] = [
        (name, value)
        for name, value in answer.headers
        if name not in _DROPPED and not name.startswith(b"x-huiyuan")
    ]
    headers += [
        (b"content-length", b"%d" % len(answer.body)),
        (REQUEST_ID, trace.request_id),
        (b"traceresponse", trace.parent),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})

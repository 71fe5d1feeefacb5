"""`Idempotency-Key`: same key and body, same answer; the answer is kept with what it did."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import msgspec
from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel

from chassis.database import Tx
from chassis.principal import Principal
from chassis.problem import Problem

HEADER = "idempotency-key"
MAX_LENGTH = 255


@dataclass(frozen=True, slots=True)
class Key:
    """How a caller names its call: `scope` says whose it is and which, `digest` what was sent."""

    scope: str
    digest: bytes


async def key_of(request: Request, principal: Principal) -> Key | None:
    """The key of a call, None without the header. Raises Problem 422 for one that is too long."""
    key = request.headers.get(HEADER)
    if not key:
        return None
    if len(key) > MAX_LENGTH:
        raise Problem(422, "idempotency_key_too_long", "Idempotency-Key has 255 characters at most")
    scope = f"{principal.subject}\x1f{request.method} {request.url.path}\x1f{key}"
    sent = request.url.query.encode() + b"\0" + await request.body()
    return Key(scope, hashlib.sha256(sent).digest())


async def take(tx: Tx, keys: Sequence[Key]) -> dict[Key, Response | Problem]:
    """Lock keys (no scope twice) until the commit; answers those that must not run (again).

    That is the answer of the call before, Problem 422 where that had another body, or Problem 409
    while it still runs.
    """
    if not keys:
        return {}
    by_scope = {key.scope: key for key in keys}
    locked = await tx.fetch(
        "SELECT scope, pg_try_advisory_xact_lock(hashtextextended(scope, 0)) AS free"
        " FROM unnest($1::text[]) AS scope",
        list(by_scope),
    )
    told: dict[Key, Response | Problem] = {
        by_scope[row["scope"]]: still_running() for row in locked if not row["free"]
    }
    for row in await tx.fetch(
        "SELECT scope, body_hash, status, answer FROM idempotency WHERE scope = ANY ($1::text[])",
        [row["scope"] for row in locked if row["free"]],
    ):
        key = by_scope[row["scope"]]
        same = row["body_hash"] == key.digest
        told[key] = _answer(row["answer"], row["status"]) if same else _reused()
    return told


async def keep(tx: Tx, answers: Sequence[tuple[Key, int, bytes]]) -> None:
    """Keep (key, status, body) for whoever calls again."""
    if answers:
        await tx.execute(
            "INSERT INTO idempotency (scope, body_hash, status, answer, created_at)"
            " SELECT *, $5 FROM unnest($1::text[], $2::bytea[], $3::int[], $4::bytea[])",
            [key.scope for key, _, _ in answers],
            [key.digest for key, _, _ in answers],
            [status for _, status, _ in answers],
            [body for _, _, body in answers],
            tx.now,
        )


@dataclass(frozen=True, slots=True)
class Once:
    """What runs an endpoint's action once a key; `chassis.web.OnceDep` makes one for a call."""

    tx: Tx
    request: Request
    principal: Principal

    async def __call__(
        self,
        action: Callable[[], Awaitable[BaseModel]],
        *,
        status: int = 200,
        dry_run: bool = False,
    ) -> Response:
        """The answer of `action`, or of the call before with this key and body.

        Without the header, and for a dry run, which has nothing to keep, it just runs. Raises
        Problem 422 for a key used with another body, 409 while the first call still runs.
        """
        key = None if dry_run else await key_of(self.request, self.principal)
        before = await take(self.tx, [key]) if key else {}
        for told in before.values():
            if isinstance(told, Problem):
                raise told
            return told
        body = (await action()).model_dump_json().encode()
        if key:
            await keep(self.tx, [(key, status, body)])
        return _answer(body, status)


def still_running() -> Problem:
    """409: the first call with this key has not been answered yet."""
    title = "A call with this key is still running"
    return Problem(409, "still_running", title, headers={"Retry-After": "1"})


def _reused() -> Problem:
    return Problem(422, "idempotency_key_reused", "This key was used with another body before")


def _answer(body: bytes, status: int) -> Response:
    return Response(body, status_code=status, media_type="application/json")


def encoded(value: object, status: int = 200) -> Response:
    """A msgspec answer (hot paths)."""
    return _answer(msgspec.json.encode(value), status)

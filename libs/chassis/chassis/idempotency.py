"""`Idempotency-Key`: same key and body, same answer; the answer is kept with what it did."""

import hashlib
from collections.abc import Awaitable, Callable
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
        tx, request = self.tx, self.request
        key = request.headers.get(HEADER)
        if not key or dry_run:
            return _answer((await action()).model_dump_json().encode(), status)
        if len(key) > MAX_LENGTH:
            raise Problem(
                422, "idempotency_key_too_long", "Idempotency-Key has 255 characters at most"
            )
        scope = f"{self.principal.subject}\x1f{request.method} {request.url.path}\x1f{key}"
        if not await tx.fetchval(
            "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))", scope
        ):
            raise Problem(
                409,
                "still_running",
                "A call with this key is still running",
                headers={"Retry-After": "1"},
            )
        digest = hashlib.sha256(request.url.query.encode() + b"\0" + await request.body()).digest()
        row = await tx.fetchrow(
            "SELECT body_hash, status, answer FROM idempotency WHERE scope = $1", scope
        )
        if row is not None:
            if row["body_hash"] != digest:
                raise Problem(
                    422, "idempotency_key_reused", "This key was used with another body before"
                )
            return _answer(row["answer"], row["status"])
        answer = (await action()).model_dump_json().encode()
        await tx.execute(
            "INSERT INTO idempotency (scope, body_hash, status, answer, created_at)"
            " VALUES ($1, $2, $3, $4, $5)",
            scope, digest, status, answer, tx.now,
        )  # fmt: skip
        return _answer(answer, status)


def _answer(body: bytes, status: int) -> Response:
    return Response(body, status_code=status, media_type="application/json")


def encoded(value: object, status: int = 200) -> Response:
    """A msgspec answer (hot paths)."""
    return _answer(msgspec.json.encode(value), status)

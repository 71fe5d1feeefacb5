"""What a router needs: a transaction, the caller, a bulk body, an answer given once."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Request

from chassis.database import Database, Tx
from chassis.idempotency import Once, encoded
from chassis.principal import IMPERSONAL, Principal
from chassis.problem import Problem, from_msgspec

__all__ = [
    "APIRouter", "DbDep", "OnceDep", "PersonalDep", "PrincipalDep", "ReadDep", "TxDep", "bulk_body",
    "encoded",
]  # fmt: skip


async def _transaction(request: Request) -> AsyncIterator[Tx]:
    async with request.app.state.db.transaction() as tx:
        yield tx


async def _reading(request: Request) -> AsyncIterator[Tx]:
    async with request.app.state.db.transaction(readonly=True) as tx:
        yield tx


async def _database(request: Request) -> Database:
    db: Database = request.app.state.db
    return db


async def _principal(request: Request) -> Principal:
    principal = request.scope.get("principal")
    if principal is None:
        raise Problem(401, "no_principal", "Calls come through the gateway")
    assert isinstance(principal, Principal)
    return principal


async def _personal(request: Request) -> bool:
    return IMPERSONAL not in request.headers


# All of them are coroutines: FastAPI hands plain functions to a thread, and waits for it.
# scope="function": the commit happens before the answer is sent, not after it.
TxDep = Annotated[Tx, Depends(_transaction, scope="function")]
ReadDep = Annotated[Tx, Depends(_reading, scope="function")]
DbDep = Annotated[Database, Depends(_database)]
PersonalDep = Annotated[bool, Depends(_personal)]  # False: the member did not agree to conclusions
PrincipalDep = Annotated[Principal, Depends(_principal)]


async def _once(request: Request, tx: TxDep, principal: PrincipalDep) -> Once:
    return Once(tx, request, principal)


OnceDep = Annotated[Once, Depends(_once)]


def bulk_body(kind: type) -> Any:
    """Decode the body with msgspec: `body: Annotated[OrderBatch, bulk_body(OrderBatch)]`."""
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(kind)

    async def decode(request: Request) -> Any:
        try:
            return decoder.decode(await request.body())
        except msgspec.DecodeError as error:
            raise from_msgspec(error) from None

    return Depends(decode)

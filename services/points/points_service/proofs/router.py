"""Checkpoints and receipts."""

from typing import Annotated

from fastapi import Path, Query

from chassis.evidence import repository as evidence
from chassis.evidence.strongbox import key_id
from chassis.web import APIRouter, DbDep, PrincipalDep, ReadDep
from contracts.evidence.checkpoints import checkpoint_out
from contracts.points.ledger import Checkpoint, Checkpoints, Receipt
from contracts.roles import Role
from points_service.parts import PartsDep
from points_service.proofs import use_cases
from points_service.proofs.domain import LEDGER
from points_service.proofs.receipts import receipt_out

router = APIRouter()


@router.get("/v1/ledger/checkpoints")
async def checkpoints(
    tx: ReadDep,
    parts: PartsDep,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[int, Query(ge=0)] = 0,
) -> Checkpoints:
    """Signed checkpoints, oldest first, and the key they are signed with."""
    found = await evidence.checkpoints(tx, LEDGER, cursor, limit + 1)
    page, more = found[:limit], len(found) > limit
    key = parts.box.public_key()
    return Checkpoints(
        data=[Checkpoint.model_validate(checkpoint_out(each)) for each in page],
        next_cursor=str(page[-1].checkpoint_id) if more else None,
        key_id=key_id(key),
        public_key=key.hex(),
    )


@router.post("/v1/ledger/checkpoints")
async def checkpoint(db: DbDep, parts: PartsDep) -> Checkpoint:
    """Sign what was booked since the last checkpoint, now instead of within the hour."""
    made = await use_cases.checkpoint_now(db, parts.box)
    return Checkpoint.model_validate(checkpoint_out(made))


@router.get("/v1/ledger/entries/{entry_id}/proof")
async def proof(
    entry_id: Annotated[int, Path(ge=1, le=2**63 - 1)], tx: ReadDep, principal: PrincipalDep
) -> Receipt:
    """The receipt of an entry; a member gets those of its own."""
    member_id = principal.member_id if principal.role is Role.MEMBER else None
    found = await use_cases.receipt_of(tx, entry_id, only=member_id)
    return Receipt.model_validate(receipt_out(found))

"""Members over HTTP. The fixed paths come first: `stats` is no id."""

from uuid import UUID

from chassis.web import APIRouter, PrincipalDep, ReadDep, TxDep
from contracts import identity as api
from contracts.identity_inner import Addressee
from identity_service.members import repository, use_cases

router = APIRouter()


@router.post("/v1/members", status_code=201)
async def register(body: api.SealedMember, tx: TxDep, principal: PrincipalDep) -> api.Registered:
    """Register a member."""
    return await use_cases.register_one(tx, principal, body)


@router.post("/v1/members/batch")
async def register_batch(
    body: api.SealedMembers, tx: TxDep, principal: PrincipalDep
) -> api.RegisterResults:
    """Register up to 1,000 members."""
    verdicts = await use_cases.register(tx, principal, body.members)
    return api.RegisterResults(results=[use_cases.result_of(verdict) for verdict in verdicts])


@router.get("/v1/members/stats")
async def stats(tx: ReadDep) -> api.MemberStats:
    """How many members, identifiers and merges."""
    return await repository.count(tx)


@router.get("/v1/members/{member_id}")
async def read(member_id: UUID, tx: ReadDep) -> api.Member:
    """A member; a merged id answers as its survivor."""
    return await use_cases.read(tx, member_id)


@router.patch("/v1/members/{member_id}")
async def correct(
    member_id: UUID, body: api.SealedUpdate, tx: TxDep, principal: PrincipalDep
) -> api.Member:
    """Correct a member's attributes."""
    return await use_cases.correct(tx, principal, member_id, body)


@router.get("/internal/members/{member_id}")
async def addressee(member_id: UUID, tx: ReadDep) -> Addressee:
    """Sealed name and identifiers, for the gateway's egress."""
    return await use_cases.addressee(tx, member_id)

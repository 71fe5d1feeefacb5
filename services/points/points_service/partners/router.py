"""Partner programmes."""

from chassis.web import APIRouter, PrincipalDep, ReadDep, TxDep
from contracts.base import Model
from contracts.points.programmes import Partner, Partners
from points_service.partners import repository, use_cases

router = APIRouter()


@router.get("/v1/partners")
async def partners(tx: ReadDep) -> Partners:
    """All of them."""
    return Partners(data=await use_cases.terms(tx))


@router.post("/v1/partners", status_code=201)
async def add(body: Partner, tx: TxDep) -> Partner:
    """A new one."""
    return await use_cases.add(tx, body)


@router.get("/v1/partners/{partner_id}")
async def partner(partner_id: str, tx: ReadDep, principal: PrincipalDep) -> Partner:
    """One of them."""
    found = await repository.partner(tx, partner_id)
    use_cases.only_itself(principal, found)
    return found


@router.put("/v1/partners/{partner_id}", response_model=Partner)
async def put(partner_id: str, body: Partner, tx: TxDep) -> Model:
    """Change one."""
    await repository.partner(tx, partner_id)
    return await repository.partners.put(tx, partner_id, body)

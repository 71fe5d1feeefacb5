"""By what members' values are reckoned."""

from chassis.web import APIRouter, PrincipalDep, ReadDep, TxDep
from contracts.worth import ClvTerms, ClvTermsBody
from profile_service.worth import use_cases

router = APIRouter()


@router.get("/v1/clv-terms")
async def get_terms(tx: ReadDep) -> ClvTerms:
    """The terms in force."""
    return await use_cases.terms(tx)


@router.put("/v1/clv-terms")
async def put_terms(body: ClvTermsBody, tx: TxDep, principal: PrincipalDep) -> ClvTerms:
    """Reckon by other terms."""
    return await use_cases.change_terms(tx, body, principal.subject)

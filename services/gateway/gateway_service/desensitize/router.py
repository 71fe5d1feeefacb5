"""Which policy is in force."""

from chassis.web import APIRouter
from contracts.gateway.reading import PolicyStatus
from gateway_service.parts import PartsDep

router = APIRouter()


@router.get("/v1/policy")
async def policy(parts: PartsDep) -> PolicyStatus:
    """Its digest, and what is wrong with its file."""
    policies = parts.views.policies
    return PolicyStatus(
        digest=policies.current().digest, loaded_at=policies.loaded_at, refused=policies.refused
    )

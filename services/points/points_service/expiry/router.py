"""How points go, as configuration."""

from typing import Annotated

from fastapi import Path

from chassis.web import APIRouter, ReadDep, TxDep
from contracts.points.spending import ExpiryPolicies, ExpiryPolicy, ExpiryPolicyRequest
from points_service.expiry import policies

router = APIRouter()

PolicyId = Annotated[str, Path(pattern="^[a-z0-9][a-z0-9-]{0,63}$")]


@router.get("/v1/expiry-policies")
async def list_policies(tx: ReadDep) -> ExpiryPolicies:
    """All of them."""
    return await policies.show_all(tx)


@router.get("/v1/expiry-policies/{policy_id}")
async def get_policy(policy_id: PolicyId, tx: ReadDep) -> ExpiryPolicy:
    """One."""
    return await policies.show(tx, policy_id)


@router.put("/v1/expiry-policies/{policy_id}")
async def put_policy(policy_id: PolicyId, body: ExpiryPolicyRequest, tx: TxDep) -> ExpiryPolicy:
    """Change how points go from now on."""
    return await policies.put(tx, policy_id, body)

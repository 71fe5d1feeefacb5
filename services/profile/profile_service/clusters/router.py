"""Clusters."""

from chassis.web import APIRouter, ReadDep, TxDep
from contracts.clusters import Clusters
from profile_service.clusters import use_cases

router = APIRouter()


@router.get("/v1/clusters")
async def get_clusters(tx: ReadDep) -> Clusters:
    """As found last."""
    return await use_cases.clusters(tx)


@router.post("/v1/clusters/findings", status_code=202)
async def find_clusters(tx: TxDep) -> Clusters:
    """Find them again."""
    return await use_cases.ask(tx)

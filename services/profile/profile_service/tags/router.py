"""Tags and how many have them."""

from chassis.web import APIRouter, TxDep
from contracts.profile import TagCounts, TagDefinitions
from profile_service.tags import use_cases

router = APIRouter()


@router.get("/v1/tags")
async def tag_definitions() -> TagDefinitions:
    """Every tag the platform gives."""
    return use_cases.definitions()


@router.get("/v1/tags/counts")
async def tag_counts(tx: TxDep) -> TagCounts:
    """Members by tag and value."""
    return await use_cases.counts(tx)

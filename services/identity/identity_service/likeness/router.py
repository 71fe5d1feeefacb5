"""Reviews over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from chassis.web import APIRouter, PrincipalDep, ReadDep, TxDep
from contracts import merge_reviews as api
from identity_service.likeness import use_cases

router = APIRouter()


@router.get("/v1/merge-reviews")
async def reviews(
    tx: ReadDep,
    status: api.ReviewState = "open",
    limit: Annotated[int, Query(ge=1, le=200)] = use_cases.PAGE,
    cursor: str | None = None,
) -> api.MergeReviews:
    """Members who may be one person."""
    return await use_cases.page(tx, status, limit, cursor)


@router.post("/v1/merge-reviews/{review_id}/decide")
async def decide(
    review_id: UUID, body: api.DecideReview, tx: TxDep, principal: PrincipalDep
) -> api.MergeReview:
    """One person, or two."""
    return await use_cases.decide(tx, principal, review_id, body)

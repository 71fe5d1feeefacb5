"""Tags, how many have them, and losses that somebody should look at."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from chassis.web import APIRouter, PrincipalDep, ReadDep, TxDep
from contracts.profile import (
    TagCounts,
    TagDefinitions,
    TagReviewDecided,
    TagReviewDecision,
    TagReviews,
    TagRule,
    TagRuleBody,
)
from contracts.tag_watches import TagWatch, TagWatchBody, TagWatches
from profile_service.tags import use_cases

router = APIRouter()


@router.get("/v1/tags")
async def tag_definitions(tx: ReadDep) -> TagDefinitions:
    """Every tag the platform gives."""
    return await use_cases.definitions(tx)


@router.post("/v1/tags", status_code=201)
async def add_tag(tx: TxDep, body: TagRuleBody, principal: PrincipalDep) -> TagRule:
    """A tag as data."""
    return await use_cases.add(tx, body.document(), principal.subject)


@router.get("/v1/tags/counts")
async def tag_counts(tx: TxDep) -> TagCounts:
    """Members by tag and value."""
    return await use_cases.counts(tx)


@router.get("/v1/tags/{tag}")
async def tag_rule(tag: str, tx: ReadDep) -> TagRule:
    """A tag that was added, and how far it is."""
    return await use_cases.definition_of(tx, tag)


@router.get("/v1/tag-reviews")
async def tag_reviews(
    tx: ReadDep,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> TagReviews:
    """Sudden losses."""
    return await use_cases.reviews(tx, limit, cursor)


@router.post("/v1/tag-reviews/{review_id}/decide")
async def decide_review(
    review_id: UUID, tx: TxDep, body: TagReviewDecision, principal: PrincipalDep
) -> TagReviewDecided:
    """Accept one, or keep the tag."""
    keep = body.decision == "keep"
    return await use_cases.decide_review(tx, review_id, keep, principal.subject)


@router.get("/v1/tag-watches")
async def tag_watches(tx: ReadDep) -> TagWatches:
    """Which changes of tags go to review."""
    return await use_cases.all_watches(tx)


@router.put("/v1/tag-watches/{tag}")
async def put_watch(tag: str, tx: TxDep, body: TagWatchBody, principal: PrincipalDep) -> TagWatch:
    """Which changes of a tag go to review."""
    return await use_cases.watch(tx, tag, body, principal.subject)

"""Members who may be one person: what speaks for it, and what people decide."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from contracts.auditing import Action
from contracts.base import Model
from contracts.classification import internal, public
from contracts.operations import PAGING, Operation, Query
from contracts.roles import Role

ReviewState = Literal["open", "merged", "apart"]
_MERGING = frozenset({Role.SERVICE_AGENT, Role.OPERATOR, Role.ADMIN})
_TAGS = ("Members and identity",)


class Likeness(Model):
    """One comparison of two members, without a value: what was compared, what came out, in both
    languages; `bits` of evidence, more than 0 for one person, less for two."""

    compared: Annotated[str, public]
    feature: Annotated[str, public]
    feature_zh: Annotated[str, public]
    level: Annotated[str, public]
    level_zh: Annotated[str, public]
    bits: Annotated[float, public]


class MergeReview(Model):
    """Two members who may be one person, and why; `survivor_id` joined first.

    `bits` are all evidence together, and how likely two members are one at all.
    """

    review_id: Annotated[UUID, internal]
    survivor_id: Annotated[UUID, internal]
    absorbed_id: Annotated[UUID, internal]
    state: Annotated[ReviewState, public]
    bits: Annotated[float, public]
    probability: Annotated[float, public]
    evidence: Annotated[list[Likeness], internal]
    found_at: Annotated[datetime, public]
    decided_at: Annotated[datetime | None, public] = None
    decided_by: Annotated[str | None, internal] = None
    merge_id: Annotated[UUID | None, internal] = None


class MergeReviews(Model):
    """Reviews of one state, the likeliest first."""

    data: Annotated[list[MergeReview], internal]
    next_cursor: Annotated[str | None, public] = None


class DecideReview(Model):
    """One person (they are merged, and stay reversible) or two (they are not proposed again)."""

    decision: Annotated[Literal["merge", "apart"], public]


OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/merge-reviews", "identity", "Members who may be one person, and why",
        _MERGING | {Role.COMPLIANCE}, response=MergeReviews, own=None, tags=_TAGS,
        query=(Query("status", ReviewState, "open (default), merged or apart"), *PAGING),
    ),
    Operation(
        "POST", "/v1/merge-reviews/{review_id}/decide", "identity",
        "Say whether two members are one person", _MERGING, request=DecideReview,
        response=MergeReview, own=None, edge="merge", tags=_TAGS, audited=Action.MERGE,
    ),
]  # fmt: skip

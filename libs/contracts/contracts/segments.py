"""Segments: rules over what is known of members, kept up as events arrive, and lists by hand."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from contracts.base import Event, Model
from contracts.classification import DataClass, counted, holding, internal, public
from contracts.operations import PAGING, Operation, Query
from contracts.roles import FIGURES, Role

Name = Annotated[str, Field(min_length=1, max_length=100)]
Document = dict[str, Any]  # a tree of docs/segments.md, checked with a pointer to each fault
DEFINITION = holding("segment_version.definition", DataClass.PUBLIC)
MOST_AT_ONCE = 10_000


class SegmentEntered(Event, frozen=True):
    """Members are in a segment now and were not before. A greater version is later."""

    subject = "profile.segment_entered.v1"
    segment_id: Annotated[UUID, internal]
    version: Annotated[int, public]
    members: Annotated[list[UUID], internal]
    entered_at: Annotated[datetime, public]


class SegmentLeft(Event, frozen=True):
    """Members are in a segment no more. Who was absorbed by another member leaves only where the
    survivor is not in. A greater version is later."""

    subject = "profile.segment_left.v1"
    segment_id: Annotated[UUID, internal]
    version: Annotated[int, public]
    members: Annotated[list[UUID], internal]
    left_at: Annotated[datetime, public]


class SegmentBody(Model):
    """A segment to be. `definition` is its tree; without one it is a static list."""

    name: Annotated[Name, public]
    definition: Annotated[Document | None, DEFINITION] = None


class Segment(Model):
    """A segment as it is now. `definition` None: a static list."""

    segment_id: Annotated[UUID, internal]
    name: Annotated[str, public]
    version: Annotated[int, public]
    definition: Annotated[Document | None, DEFINITION] = None
    changed_by: Annotated[str, internal]
    changed_at: Annotated[datetime, public]


class SegmentVersion(Model):
    """How a segment was defined."""

    version: Annotated[int, public]
    name: Annotated[str, public]
    definition: Annotated[Document | None, DEFINITION] = None
    changed_by: Annotated[str, internal]
    changed_at: Annotated[datetime, public]


class SegmentHistory(Model):
    """A segment with all its versions, the newest first."""

    segment: Annotated[Segment, public]
    versions: Annotated[list[SegmentVersion], public]


class Segments(Model):
    """The oldest first."""

    data: Annotated[list[Segment], public]
    next_cursor: Annotated[str | None, public] = None


class SegmentCount(Model):
    """How many members are in a segment, of how many who may be."""

    segment_id: Annotated[UUID, internal]
    members: Annotated[int, counted]
    everybody: Annotated[int, counted]


class SegmentMember(Model):
    """One of them."""

    member_id: Annotated[UUID, internal]


class SegmentMembers(Model):
    """A page of those in a segment."""

    data: Annotated[list[SegmentMember], internal]
    next_cursor: Annotated[str | None, public] = None


class SegmentListChange(Model):
    """Members to put on a static list and to take off it; up to 10,000 of each a call."""

    add: Annotated[list[UUID], Field(max_length=MOST_AT_ONCE), internal] = []
    remove: Annotated[list[UUID], Field(max_length=MOST_AT_ONCE), internal] = []


class SegmentListChanged(Model):
    """How many ids were members', and how many nobody knows."""

    added: Annotated[int, public]
    removed: Annotated[int, public]
    unknown: Annotated[int, public]


class PreviewBody(Model):
    """A tree to try."""

    definition: Annotated[Document, DEFINITION]


class ConditionCount(Model):
    """How many members one condition of a tree is true of; `pointer` says which."""

    pointer: Annotated[str, public]
    members: Annotated[int, counted]


class Preview(Model):
    """Who a tree would be true of right now."""

    members: Annotated[int, counted]
    everybody: Annotated[int, counted]
    conditions: Annotated[list[ConditionCount], public]


class OverlapBody(Model):
    """Segments to compare."""

    segments: Annotated[list[UUID], Field(min_length=2, max_length=10), internal]


class Overlap(Model):
    """Two segments: how many are in both, and that as a share of those in either."""

    segment_id: Annotated[UUID, internal]
    other_segment_id: Annotated[UUID, internal]
    members: Annotated[int, counted]
    either: Annotated[int, counted]


class Overlaps(Model):
    """Each pair; `sizes` are the segments' own, in the sequence asked for."""

    sizes: Annotated[list[SegmentCount], public]
    data: Annotated[list[Overlap], public]
    in_all: Annotated[int, counted]


class FunnelBody(Model):
    """Steps, each a tree; who is counted at one has passed all before it."""

    steps: Annotated[list[Document], Field(min_length=1, max_length=10), DEFINITION]


class FunnelStep(Model):
    """How many are still there."""

    members: Annotated[int, counted]


class Funnel(Model):
    """The steps in sequence."""

    everybody: Annotated[int, counted]
    data: Annotated[list[FunnelStep], public]


DEFINERS = frozenset({Role.PLANNER, Role.ANALYST, Role.OPERATOR, Role.ADMIN})
PICKERS = frozenset({Role.OPERATOR, Role.ADMIN})  # who see ids, not pseudonyms


def _segments(
    method: str, path: str, summary: str, roles: frozenset[Role], response: Any, *,
    request: Any = None, query: tuple[Query, ...] = (), status: int = 200,
) -> Operation:  # fmt: skip
    return Operation(
        method, "/v1/segments" + path, "profile", summary, roles, request, response, status,
        query, own=None, tags=("segments",),
    )  # fmt: skip


OPERATIONS: list[Operation] = [
    _segments("GET", "", "Segments", FIGURES, Segments, query=PAGING),
    _segments("POST", "", "Define a segment", DEFINERS, Segment, request=SegmentBody, status=201),
    _segments(
        "POST", "/preview", "Who a definition would be true of", FIGURES, Preview,
        request=PreviewBody,
    ),
    _segments(
        "POST", "/overlap", "How segments overlap", FIGURES, Overlaps, request=OverlapBody
    ),
    _segments(
        "POST", "/funnel", "How many pass step after step", FIGURES, Funnel, request=FunnelBody
    ),
    _segments("GET", "/{segment_id}", "A segment and its versions", FIGURES, SegmentHistory),
    _segments(
        "PUT", "/{segment_id}", "Define it anew: the next version", DEFINERS, Segment,
        request=SegmentBody,
    ),
    _segments("GET", "/{segment_id}/count", "How many are in it", FIGURES, SegmentCount),
    _segments(
        "GET", "/{segment_id}/members", "Who is in it", DEFINERS, SegmentMembers, query=PAGING
    ),
    _segments(
        "POST", "/{segment_id}/members", "Put members on a static list, take them off", PICKERS,
        SegmentListChanged, request=SegmentListChange,
    ),
]  # fmt: skip

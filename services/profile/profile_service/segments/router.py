"""Segments over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request

from chassis.web import APIRouter, PrincipalDep, ReadDep, TxDep
from contracts import segments as api
from profile_service.segments import use_cases
from profile_service.segments.bitmaps import Bitmaps

router = APIRouter(prefix="/v1/segments")
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=400)]


async def _bitmaps(request: Request) -> Bitmaps:
    bitmaps: Bitmaps = request.app.state.bitmaps
    return bitmaps


BitmapsDep = Annotated[Bitmaps, Depends(_bitmaps)]


@router.get("")
async def get_segments(tx: ReadDep, limit: Limit = 50, cursor: Cursor = None) -> api.Segments:
    """Segments, the oldest first."""
    return await use_cases.segments(tx, limit, cursor)


@router.post("", status_code=201)
async def post_segment(tx: TxDep, body: api.SegmentBody, principal: PrincipalDep) -> api.Segment:
    """Define one."""
    return await use_cases.define(tx, body, principal.subject)


@router.post("/preview")
async def preview(tx: ReadDep, bitmaps: BitmapsDep, body: api.PreviewBody) -> api.Preview:
    """Try a definition."""
    return await use_cases.preview(tx, bitmaps, body)


@router.post("/overlap")
async def overlap(tx: ReadDep, bitmaps: BitmapsDep, body: api.OverlapBody) -> api.Overlaps:
    """Compare segments."""
    return await use_cases.overlap(tx, bitmaps, body)


@router.post("/funnel")
async def funnel(tx: ReadDep, bitmaps: BitmapsDep, body: api.FunnelBody) -> api.Funnel:
    """Step after step."""
    return await use_cases.funnel(tx, bitmaps, body)


@router.get("/{segment_id}")
async def get_segment(segment_id: UUID, tx: ReadDep) -> api.SegmentHistory:
    """One with its versions."""
    return await use_cases.history(tx, segment_id)


@router.put("/{segment_id}")
async def put_segment(
    segment_id: UUID, tx: TxDep, body: api.SegmentBody, principal: PrincipalDep
) -> api.Segment:
    """The next version."""
    return await use_cases.define(tx, body, principal.subject, segment_id)


@router.get("/{segment_id}/count")
async def get_count(segment_id: UUID, tx: ReadDep, bitmaps: BitmapsDep) -> api.SegmentCount:
    """How many are in it."""
    return await use_cases.count(tx, bitmaps, segment_id)


@router.get("/{segment_id}/members")
async def get_members(
    segment_id: UUID, tx: ReadDep, bitmaps: BitmapsDep, limit: Limit = 50, cursor: Cursor = None
) -> api.SegmentMembers:
    """Who is in it."""
    return await use_cases.members(tx, bitmaps, segment_id, limit, cursor)


@router.post("/{segment_id}/members")
async def post_members(
    segment_id: UUID, tx: TxDep, body: api.SegmentListChange
) -> api.SegmentListChanged:
    """Change a static list."""
    return await use_cases.change_list(tx, segment_id, body)

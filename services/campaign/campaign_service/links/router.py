"""The inner paths of links, and the path by which apps say that a message was opened."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response

from campaign_service.links import use_cases
from campaign_service.links.domain import Linker
from chassis.web import APIRouter, ReadDep, TxDep, encoded
from contracts.campaign.responses import MessageResponse

router = APIRouter()


async def _linker(request: Request) -> Linker:
    linker: Linker = request.app.state.linker
    return linker


LinkerDep = Annotated[Linker, Depends(_linker)]


@router.get("/internal/links/{token}")
async def look(token: str, tx: ReadDep, linker: LinkerDep) -> Response:
    """Changes nothing."""
    return encoded(await use_cases.look(tx, linker, token))


@router.post("/internal/links/{token}")
async def follow(token: str, tx: TxDep, linker: LinkerDep) -> Response:
    """Somebody follows it."""
    return encoded(await use_cases.follow(tx, linker, token))


@router.post("/v1/members/{member_id}/deliveries/{delivery_id}/opened")
async def opened(member_id: UUID, delivery_id: UUID, tx: TxDep) -> MessageResponse:
    """Opened, as the app says."""
    return await use_cases.opened(tx, member_id, delivery_id)

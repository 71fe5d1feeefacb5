"""Give messages their links; note who follows them and what was opened; tell it once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from campaign_service import following
from campaign_service.audiences import repository as audiences
from campaign_service.links import repository
from campaign_service.links.domain import LIFE, Linker, Response, Tracked, hash_of
from chassis.database import Tx
from chassis.logs import log
from chassis.problem import Problem
from contracts.campaign.responses import LinkClicked, LinkTarget, MessageOpened, MessageResponse
from contracts.events import MembersMerged


async def links_for(
    tx: Tx, linker: Linker, messages: Sequence[Tracked], now: datetime
) -> dict[UUID, str]:
    """The address to put into each message, by delivery; a message asked about again gets the same.

    Where a link may not lead, it leads to the shop: plans are held against `linker.target` before,
    so only a setting that changed meanwhile can bring that about.
    """
    if not messages:
        return {}
    made = []
    for each in messages:
        target = linker.target(each.target)
        if target is None:
            log.warning("link_leads_elsewhere", campaign_id=str(each.campaign_id))
            target = linker.target(None) or ""
        made.append((each, hash_of(linker.token(each.delivery_id)), target))
    await repository.add(tx, made, now)
    return {each.delivery_id: linker.address(each.delivery_id) for each in messages}


async def look(tx: Tx, linker: Linker, token: str) -> LinkTarget:
    """Where a link leads; counts nothing. Raises Problem 404."""
    target = await repository.target(tx, hash_of(token), tx.now - LIFE)
    return _leads(linker, target)


async def follow(tx: Tx, linker: Linker, token: str) -> LinkTarget:
    """Somebody follows a link: counted, and told the first time. Raises Problem 404."""
    clicked = await repository.click(tx, hash_of(token), tx.now - LIFE, tx.now)
    if clicked is None:
        raise _unknown()
    before, after = clicked
    if before.clicked_at is None:
        tx.publish(LinkClicked(**_whose(after), clicked_at=tx.now))
    if before.opened_at is None:
        tx.publish(MessageOpened(**_whose(after), opened_at=tx.now))
    return _leads(linker, after.target)


async def opened(tx: Tx, member_id: UUID, delivery_id: UUID) -> MessageResponse:
    """The member's app says that it showed a message. Raises Problem 404."""
    current = await audiences.resolve(tx, member_id)
    found = current and await repository.open_(tx, current, delivery_id, tx.now)
    if not found:
        raise Problem(404, "unknown_delivery", "There is no such message to this member")
    response, news = found
    if news:
        tx.publish(MessageOpened(**_whose(response), opened_at=tx.now))
    return MessageResponse(
        delivery_id=delivery_id,
        opened_at=response.opened_at,
        clicked_at=response.clicked_at,
        clicks=response.clicks,
    )


async def follow_merges(tx: Tx, events: Sequence[MembersMerged]) -> None:
    """What was done with messages goes with the person."""
    await following.follow(tx, repository.TABLES, [event.absorbed_id for event in events])


def _whose(response: Response) -> dict[str, Any]:
    return {
        "delivery_id": response.delivery_id,
        "campaign_id": response.campaign_id,
        "member_id": response.member_id,
        "channel": response.channel,
    }


def _leads(linker: Linker, target: str | None) -> LinkTarget:
    """Judged again: a host that is allowed no more is not led to by old messages either."""
    if target is None:
        raise _unknown()
    return LinkTarget(linker.target(target) or linker.target(None) or "")


def _unknown() -> Problem:
    return Problem(404, "unknown_link", "This link is not valid, or too old")

"""Messages that people and tills fetch and answer for: prompts, call tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import msgspec

from chassis.database import Tx
from chassis.principal import Principal
from chassis.problem import Problem
from contracts.classification import Kind
from contracts.gateway import hands as api
from contracts.sealed import Sealed
from gateway_service.dispatch import fetches, repository
from gateway_service.dispatch.domain import Content, Receipt
from gateway_service.dispatch.fetches import Fetched
from gateway_service.dispatch.repository import New
from gateway_service.dispatch.use_cases import CONTENT, receipts_written
from gateway_service.egress.agreement import Wish, refused
from gateway_service.egress.channels import call, pos
from gateway_service.egress.providers import Outgoing
from gateway_service.vault.seal import Erased, NotOurs, Vault

_SHOWN = 5  # prompts at a time


class Hand:
    """See `Provider`: a message is sent when it lies ready to be fetched."""

    nameless = True

    def __init__(self, vault: Vault, address: Kind | None, provider: str) -> None:
        self._vault, self.address, self._provider = vault, address, provider

    async def send(self, tx: Tx, messages: Sequence[Outgoing]) -> bool:
        """Into `outgoing_message`, without the address."""
        await self._vault.ready({m.to.member_id for m in messages if m.to.member_id}, create=True)
        await repository.put(tx, [
            New(
                m.delivery_id, m.to.member_id, m.channel, self._provider, m.purpose, None,
                self._vault.seal(
                    Kind.TEXT, msgspec.json.encode(m.content).decode(), m.to.member_id,
                    place=CONTENT,
                ),
                m.until, sent=True,
            )
            for m in messages
        ])  # fmt: skip
        return True


async def prompts(tx: Tx, vault: Vault, member_id: UUID) -> api.Prompts:
    """What the till may show about the member now, the newest first."""
    rows = await _fit(tx, await fetches.prompts(tx, pos.PROVIDER, member_id, _SHOWN))
    said = await _opened(vault, rows)
    return api.Prompts(
        data=[
            api.Prompt(
                delivery_id=row.delivery_id, title=content.title, text=content.text,
                link=content.link, created_at=row.created_at, until=row.until,
            )
            for row, content in said
        ]
    )  # fmt: skip


async def tasks(tx: Tx, vault: Vault, principal: Principal, limit: int) -> api.CallTasks:
    """Calls to make, the oldest first; those that others took are left out."""
    rows = await _fit(tx, await fetches.tasks(tx, call.PROVIDER, principal.subject, limit))
    return api.CallTasks(data=[_task(row, content) for row, content in await _opened(vault, rows)])


async def take(tx: Tx, vault: Vault, principal: Principal, delivery_id: UUID) -> api.CallTask:
    """The task is the caller's. Raises Problem 404, and 409 for one that another has."""
    found = await fetches.fetched(tx, call.PROVIDER, delivery_id)
    if found is None:
        raise _unknown()
    if found.taken_by not in (None, principal.subject):
        raise Problem(409, "taken", "Somebody else is calling this member")
    if not (fit := await _opened(vault, await _fit(tx, [found]))):
        raise Problem(409, "withdrawn", "This member is not to be called any more")
    await fetches.take_task(tx, delivery_id, principal.subject, call.TAKEN_FOR)
    row, content = fit[0]
    return _task(replace(row, taken_by=principal.subject), content)


async def close(tx: Tx, principal: Principal, delivery_id: UUID, outcome: str) -> None:
    """What came of a call. Raises Problem 404, and 409 for a task that is not the caller's."""
    found = await fetches.fetched(tx, call.PROVIDER, delivery_id)
    if found is None:
        raise _unknown()
    if found.taken_by != principal.subject:
        raise Problem(409, "not_taken", "Take the task first")
    await _answered(tx, call.PROVIDER, delivery_id, outcome, call.DELIVERED)


async def show(tx: Tx, member_id: UUID, delivery_id: UUID, outcome: str) -> None:
    """What the till did with a prompt; again is fine. Raises Problem 404."""
    found = await fetches.fetched(tx, pos.PROVIDER, delivery_id)
    if found is None or found.member_id != member_id:
        raise _unknown()
    await _answered(tx, pos.PROVIDER, delivery_id, outcome, pos.DELIVERED)


async def _answered(
    tx: Tx, provider: str, delivery_id: UUID, outcome: str, delivered: Mapping[str, bool]
) -> None:
    receipt = Receipt(delivered[outcome], delivery_id, reason=outcome, at=tx.now)
    await receipts_written(tx, provider, [receipt])


async def _fit(tx: Tx, rows: Sequence[Fetched]) -> list[Fetched]:
    """Those that the member still agrees to."""
    wishes = [Wish(r.delivery_id, r.member_id, r.purpose, r.channel) for r in rows]
    why = await refused(tx, wishes)
    return [row for row in rows if row.delivery_id not in why]


async def _opened(vault: Vault, rows: Sequence[Fetched]) -> list[tuple[Fetched, Content]]:
    """With what they say; those of somebody erased are left out."""
    await vault.ready_for(*(row.content for row in rows))
    found = []
    for row in rows:
        owners = {row.member_id.bytes}
        try:
            text = vault.open(Sealed.parse(row.content), owners, place=CONTENT)
        except (NotOurs, Erased, ValueError):
            continue
        found.append((row, msgspec.json.decode(text, type=Content)))
    return found


def _task(row: Fetched, content: Content) -> api.CallTask:
    said: dict[str, Any] = {"title": content.title, "text": content.text}
    return api.CallTask(
        delivery_id=row.delivery_id, member_id=row.member_id, created_at=row.created_at,
        until=row.until, taken=row.taken_by is not None, **said,
    )  # fmt: skip


def _unknown() -> Problem:
    return Problem(404, "unknown_message", "There is no such message, or it was answered")

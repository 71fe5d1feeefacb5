"""What operators see of channels, and how they send a dead letter after all."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from chassis.database import Tx
from chassis.principal import Principal
from chassis.problem import Problem
from contracts.auditing import Action, Decision
from contracts.gateway import channels as api
from contracts.sealed import b64
from gateway_service.audit.use_cases import entry_by
from gateway_service.dispatch import repository, standings
from gateway_service.dispatch.carrier import Carrier, Told
from gateway_service.dispatch.domain import State
from gateway_service.dispatch.use_cases import Dispatch
from gateway_service.paging import cursor_of, place_of

_KEY_BYTES = 18


async def channels(tx: Tx, dispatch: Dispatch) -> api.Channels:
    """Each with its provider and how that stands."""
    known = await standings.standings(tx)
    figures = {row["provider"]: row for row in await repository.figures(tx)}
    found = []
    for channel, provider in dispatch.channels.items():
        standing, counts = known.get(provider), figures.get(provider, {})
        url = None
        if provider in dispatch.carriers:
            url = f"{dispatch.public_url}/v1/receipts/{provider}/{receipts_key(dispatch, provider)}"
        found.append(
            api.Channel(
                channel=channel,
                provider=provider,
                **{name: counts.get(name, 0) for name in ("waiting", "dead", "unknown")},
                failures=standing.failures if standing else 0,
                open_until=standing.open_until if standing else None,
                receipts_url=url,
            )
        )
    return api.Channels(data=found)


async def dead_letters(tx: Tx, cursor: str | None, limit: int) -> api.DeadLetters:
    """A page. Raises Problem 422 for a cursor of another list."""
    found = await repository.stuck(tx, place_of(cursor), limit + 1)
    page = found[:limit]
    last = page[-1] if found[limit:] else None
    return api.DeadLetters(
        data=[
            api.DeadLetter.model_validate(
                {n: getattr(each, n) for n in api.DeadLetter.model_fields}
            )
            for each in page
        ],
        next_cursor=cursor_of((last.created_at, last.delivery_id)) if last else None,
    )


async def replay(tx: Tx, dispatch: Dispatch, principal: Principal, delivery_id: UUID) -> None:
    """Try a dead letter as if it were new. Raises Problem 404, and 409 for what may have been sent
    or is too late."""
    row = await repository.find_dead(tx, delivery_id)
    if row is None:
        raise Problem(404, "unknown_message", "There is no such message")
    if row["state"] != State.DEAD:
        raise Problem(
            409, "not_dead", "Only what was given up and certainly not sent is tried again"
        )
    if row["until"] is not None and tx.now >= row["until"]:
        raise Problem(409, "too_late", "This message must not be sent any more")
    await repository.revive(tx, delivery_id)
    dispatch.audit.record(tx, entry_by(principal, Action.EGRESS, Decision.DONE, "replay"))


def receipts_key(dispatch: Dispatch, provider: str) -> str:
    """The secret part of the address that a provider posts to."""
    key = dispatch.secret("receipts")
    return b64(hmac.digest(key, provider.encode(), "sha256")[:_KEY_BYTES])


@dataclass(frozen=True, slots=True)
class Asked:
    """A call of a provider's, or of somebody else's."""

    provider: str
    key: str
    query: Mapping[str, str]
    body: bytes


def read(dispatch: Dispatch, asked: Asked) -> tuple[Carrier, Told]:
    """Whose address this is, and what is told. Raises Problem 404, and 422 for no receipt."""
    carrier = dispatch.carriers.get(asked.provider)
    right = receipts_key(dispatch, asked.provider)
    if not hmac.compare_digest(right.encode(), asked.key.encode()) or carrier is None:
        raise Problem(404, "unknown_receiver", "Nobody receives receipts here")
    try:
        return carrier, carrier.told(asked.query, asked.body)
    except ValueError:
        raise Problem(
            422, "not_a_receipt", "This is no receipt of this provider", pointer=""
        ) from None

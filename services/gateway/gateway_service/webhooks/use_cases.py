"""Register webhooks, write down what is to be told, and tell it."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from chassis.database import Database, Tx
from chassis.principal import Principal
from chassis.problem import Problem
from contracts.gateway import webhooks as api
from contracts.roles import Role
from gateway_service.access.strongbox import lock, unlock
from gateway_service.audit.domain import pseudonym
from gateway_service.consent import repository as consent
from gateway_service.consent.domain import Key
from gateway_service.outward.client import Failed, Outward
from gateway_service.outward.domain import Forbidden
from gateway_service.paging import cursor_of, place_of
from gateway_service.vault.keys import Keys
from gateway_service.webhooks import domain, repository
from gateway_service.webhooks.domain import Due, Endpoint, Happening, Tried
from gateway_service.webhooks.repository import Message

PING = "ping"
_PURPOSE = "webhook"
_SHARING = Key("third_party_sharing")
_WHY = {
    "not_a_url": "a URL without credentials, fragment, or an address in place of a name",
    "not_https": "https",
    "no_public_name": "a public name",
    "port_not_allowed": "a port that is allowed",
}


@dataclass(frozen=True, slots=True)
class Webhooks:
    """What webhooks work with. `patience` is how long a message, and a webhook, may fail."""

    keys: Keys
    outward: Outward
    patience: timedelta

    def locked(self, webhook_id: UUID, secret: bytes) -> bytes:
        """A secret as it is kept."""
        return lock(self.keys, _PURPOSE, secret, str(webhook_id))

    def unlocked(self, endpoint: Endpoint, now: datetime) -> list[bytes]:
        """The secrets that are good now."""
        return [
            unlock(self.keys, _PURPOSE, each, str(endpoint.webhook_id))
            for each in domain.good_secrets(endpoint, now)
        ]

    def called(self, endpoint: Endpoint, member: UUID) -> UUID:
        """What a holder knows a member as."""
        return pseudonym(self.keys.secret(f"project|{endpoint.owner}"), member)


async def register(
    tx: Tx, hooks: Webhooks, principal: Principal, wish: api.WebhookRequest
) -> api.WebhookSecret:
    """A new webhook. Raises Problem 409 for one too many, 422 for a URL that is not called."""
    try:
        hooks.outward.target(wish.url)
    except Forbidden as forbidden:
        raise Problem(
            422, forbidden.code, "This URL is not called", pointer="/url",
            detail=f"{_WHY[forbidden.code]} is needed",
        ) from None  # fmt: skip
    if await repository.hold(tx, principal.subject) >= api.MOST_WEBHOOKS:
        raise Problem(409, "too_many_webhooks", f"There are {api.MOST_WEBHOOKS}; remove one first")
    webhook_id, secret = tx.ids.new(), secrets.token_bytes(domain.SECRET_BYTES)
    new = Endpoint(
        webhook_id, principal.subject, principal.role is Role.PARTNER, principal.store, wish.url,
        tuple(dict.fromkeys(wish.events)), hooks.locked(webhook_id, secret), None, None, tx.now,
    )  # fmt: skip
    await repository.add(tx, new, principal.role)
    return _with_secret(new, secret, None)


async def listed(tx: Tx, principal: Principal, cursor: str | None, limit: int) -> api.Webhooks:
    """A page. Raises Problem 422 for a cursor of another list."""
    found = await repository.page(tx, _whose(principal), place_of(cursor), limit + 1)
    page = found[:limit]
    return api.Webhooks(
        data=[api.Webhook(**_shown(each)) for each in page],
        next_cursor=cursor_of((page[-1].created_at, page[-1].webhook_id))
        if found[limit:]
        else None,
    )


async def remove(tx: Tx, principal: Principal, webhook_id: UUID) -> None:
    """Forget it. Raises Problem 404."""
    await _own(tx, principal, webhook_id)
    await repository.drop(tx, webhook_id)


async def rotate(
    tx: Tx, hooks: Webhooks, principal: Principal, webhook_id: UUID
) -> api.WebhookSecret:
    """A new secret. Raises Problem 404."""
    endpoint = await _own(tx, principal, webhook_id)
    secret, until = secrets.token_bytes(domain.SECRET_BYTES), tx.now + domain.OVERLAP
    await repository.put_secret(tx, webhook_id, hooks.locked(webhook_id, secret), until)
    return _with_secret(endpoint, secret, until)


async def enable(tx: Tx, principal: Principal, webhook_id: UUID) -> api.Webhook:
    """Try again. Raises Problem 404."""
    await _own(tx, principal, webhook_id)
    await repository.enable(tx, webhook_id)
    return api.Webhook(**_shown(await _own(tx, principal, webhook_id)))


async def ping(tx: Tx, principal: Principal, webhook_id: UUID) -> api.WebhookDelivery:
    """A message that says nothing. Raises Problem 404."""
    await _own(tx, principal, webhook_id)
    message_id = tx.ids.new()
    body = domain.body_of(Happening(PING, tx.now, {}), None)
    await repository.put(tx, [(message_id, webhook_id, PING, body)])
    return _delivery(Message(message_id, PING, "waiting", 0, tx.now, tx.now, None, None, None))


async def deliveries(
    tx: Tx, principal: Principal, webhook_id: UUID, cursor: str | None, limit: int
) -> api.WebhookDeliveries:
    """A page. Raises Problem 404, and 422 for a cursor of another list."""
    await _own(tx, principal, webhook_id)
    found = await repository.messages(tx, webhook_id, place_of(cursor), limit + 1)
    page = found[:limit]
    return api.WebhookDeliveries(
        data=[_delivery(each) for each in page],
        next_cursor=cursor_of((page[-1].created_at, page[-1].message_id))
        if found[limit:]
        else None,
    )


async def tell(tx: Tx, hooks: Webhooks, happenings: Sequence[Happening]) -> None:
    """Write a message for every webhook that is to hear of it."""
    endpoints = await repository.listening(tx, {each.type for each in happenings})
    pairs = [
        (endpoint, what)
        for what in happenings
        for endpoint in endpoints
        if domain.concerns(endpoint, what)
    ]
    if not pairs:
        return
    sharing = {what.member for endpoint, what in pairs if endpoint.partner and what.member}
    agreed = await consent.granted_among(tx, [(each, _SHARING) for each in sharing], lock=False)
    rows = []
    for endpoint, what in pairs:
        known = what.member and (not endpoint.partner or (what.member, _SHARING) in agreed)
        member = hooks.called(endpoint, what.member) if known and what.member else None
        body = domain.body_of(what, member)
        message_id = domain.id_of(what, endpoint.webhook_id, tx.ids.new())
        rows.append((message_id, endpoint.webhook_id, what.type, body))
    await repository.put(tx, rows)


async def send(db: Database, hooks: Webhooks, endpoint: Endpoint, message: Due) -> None:
    """Post a message once and write down what came of it."""
    now = db.clock.now()
    sent = domain.headers(message, hooks.unlocked(endpoint, now), now)
    try:
        tried = Tried(status=await hooks.outward.post(endpoint.url, sent, message.body))
    except Failed as failed:
        tried = Tried(error=failed.reason)
    async with db.transaction() as tx:
        await _settle(tx, hooks.patience, message, tried)


async def _settle(tx: Tx, patience: timedelta, message: Due, tried: Tried) -> None:
    since = await repository.standing(tx, message.webhook_id, arrived=tried.arrived)
    if tried.gone or (since is not None and tx.now - since >= patience):
        await repository.disable(tx, message.webhook_id)
    if tried.arrived:
        await repository.settle(tx, message.message_id, tried, "delivered", None)
    elif tx.now - message.created_at >= patience:
        await repository.settle(tx, message.message_id, tried, "given_up", None)
    else:
        again = tx.now + domain.pause(message.message_id, message.attempt)
        await repository.settle(tx, message.message_id, tried, "waiting", again)


def _whose(principal: Principal) -> str | None:
    """Partners see their own; who runs the platform sees all."""
    return principal.subject if principal.role is Role.PARTNER else None


async def _own(tx: Tx, principal: Principal, webhook_id: UUID) -> Endpoint:
    found = await repository.find(tx, webhook_id, _whose(principal))
    if found is None:
        raise Problem(404, "unknown_webhook", "There is no such webhook")
    return found


def _shown(endpoint: Endpoint) -> dict[str, object]:
    return {
        "webhook_id": endpoint.webhook_id,
        "url": endpoint.url,
        "events": list(endpoint.events),
        "state": "disabled" if endpoint.disabled_at else "active",
        "created_at": endpoint.created_at,
        "failing_since": endpoint.failing_since,
        "disabled_at": endpoint.disabled_at,
    }


def _with_secret(endpoint: Endpoint, secret: bytes, until: datetime | None) -> api.WebhookSecret:
    return api.WebhookSecret(**_shown(endpoint), secret=domain.shown(secret), overlap=until)


def _delivery(message: Message) -> api.WebhookDelivery:
    return api.WebhookDelivery(
        webhook_message_id=domain.name_of(message.message_id),
        type=message.type,
        state=message.state,
        attempts=message.attempts,
        created_at=message.created_at,
        next_at=message.next_at,
        delivered_at=message.delivered_at,
        status=message.status,
        error=message.error,
    )

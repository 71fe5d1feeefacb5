"""Give each message its link; take back what a link is bound to."""

from collections.abc import Callable, Sequence
from uuid import UUID

from chassis.database import Tx
from chassis.principal import Principal
from chassis.problem import Problem
from contracts.events import MessageRequested
from contracts.roles import Role
from gateway_service.access.limits import Bucket, Limits, uncounted
from gateway_service.consent import use_cases as consent
from gateway_service.consent.domain import Act, Key, Wish
from gateway_service.consent.use_cases import Desk
from gateway_service.unsubscribe import domain, repository
from gateway_service.unsubscribe.domain import Link
from gateway_service.unsubscribe.page import Show, Step

MISSES = Bucket("unsubscribe", 1 / 30, 20)  # wrong links that one address may try
_UNCOUNTED = uncounted().code


class Links:
    """Makes links. `key` is there once the service has started."""

    def __init__(self, public_url: str, key: Callable[[], bytes]) -> None:
        self._url, self._key = public_url, key

    async def give(
        self, tx: Tx, messages: Sequence[tuple[MessageRequested, str]]
    ) -> dict[UUID, str]:
        """The address of each message's link, by delivery; messages come with the language that the
        member reads."""
        if not messages:
            return {}
        tokens = {each.delivery_id: domain.token_of(self._key(), each.delivery_id)
                  for each, _ in messages}  # fmt: skip
        await repository.add(tx, [
            Link(
                domain.hash_of(tokens[each.delivery_id]), each.delivery_id, each.campaign_id,
                each.member_id, each.purpose, each.channel, language, tx.now,
            )
            for each, language in messages
        ])  # fmt: skip
        return {delivery: f"{self._url}/u/{token}" for delivery, token in tokens.items()}


async def look(tx: Tx, limits: Limits, token: str, caller: str) -> Show:
    """What the page asks. Changes nothing: mail scanners and browsers look ahead."""
    link = await _found(tx, token)
    return Show(Step.ASK, link.language, link.channel) if link else await _missed(limits, caller)


async def withdraw(tx: Tx, limits: Limits, desk: Desk, token: str, caller: str) -> Show:
    """Take back the consent that the message was sent on, as a member does; again is fine."""
    link = await _found(tx, token)
    if link is None:
        return await _missed(limits, caller)
    act = Act(link.delivery_id, "link", "unsubscribe", "member")
    wish = Wish(Key(link.purpose, link.channel), False, None, act, stated=False)
    member = Principal(Role.MEMBER, str(link.member_id), link.member_id)
    answering = consent.Answering(link.member_id, [wish])
    (problem,) = await consent.answer(tx, desk, member, [answering])
    if problem is not None:
        raise problem
    return Show(Step.DONE, link.language, link.channel)


async def _found(tx: Tx, token: str) -> Link | None:
    link = await repository.find(tx, domain.hash_of(token))
    return link if domain.valid(link, tx.now) else None


async def _missed(limits: Limits, caller: str) -> Show:
    """Forged, too old, of somebody erased: the same page. Only these count, so that mail providers,
    who press for many members from a few addresses, are never stopped; while counters are away
    nobody is."""
    try:
        await limits.charge(MISSES, caller)
    except Problem as problem:
        if problem.code != _UNCOUNTED:
            return Show(Step.TOO_OFTEN)
    return Show(Step.UNKNOWN)

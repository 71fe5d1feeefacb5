"""The list of addresses that nothing is sent to. An address comes in and is never shown again."""

from chassis.database import Tx
from chassis.logs import log
from chassis.principal import Principal
from chassis.problem import Problem
from contracts.auditing import Action, Decision
from contracts.classification import Kind
from contracts.gateway.suppressions import Suppression, SuppressionPage, SuppressionRequest
from contracts.gateway_events import SuppressionChanged
from contracts.identity_inner import Addressee
from gateway_service.audit.use_cases import entry_by
from gateway_service.egress import repository
from gateway_service.egress.addresses import newest
from gateway_service.egress.repository import Ground, Suppressed
from gateway_service.paging import cursor_of, place_of
from gateway_service.parts import Parts
from gateway_service.proxy.client import Gone
from gateway_service.proxy.forward import SYSTEM
from gateway_service.proxy.sealing import unusable_value
from gateway_service.vault.index import Unusable


async def add(
    tx: Tx, parts: Parts, principal: Principal, wish: SuppressionRequest
) -> Suppression:  # fmt: skip
    """Put on the list; what is on it already stays as it was. Raises Problem 422."""
    ground = _ground(parts, wish)
    _audit(tx, parts, principal, f"suppress {wish.scope} {wish.reason}", wish.kind)
    role, subject = principal.role, principal.subject
    stands = await repository.suppress(tx, tx.ids.new(), ground, role, subject)
    try:
        await _tell(tx, parts, wish, ground, listed=True)
    except Gone:  # it is on the list all the same: whatever is sent to it is refused
        log.warning("suppression_untold")
    return _shown(stands)


async def lift(tx: Tx, parts: Parts, principal: Principal, wish: SuppressionRequest) -> None:
    """Take one reason off the list. Raises Problem 404 where there is no such one, or 422; Gone
    while nobody can say whose address it is."""
    ground = _ground(parts, wish)
    if not await repository.lift(tx, ground):
        raise Problem(404, "not_suppressed", "This address is not on the list for this reason")
    if (ground.address, ground.scope) not in await repository.suppressed(tx, [ground.address]):
        await _tell(tx, parts, wish, ground, listed=False)
    _audit(tx, parts, principal, f"lift {wish.scope} {wish.reason}", wish.kind)


async def listed(tx: Tx, limit: int, cursor: str | None) -> SuppressionPage:
    """A page of the list, newest first."""
    rows = await repository.suppressions(tx, limit + 1, *place_of(cursor))
    last = rows[limit - 1] if rows[limit:] else None
    return SuppressionPage(
        data=[_shown(row) for row in rows[:limit]],
        next_cursor=cursor_of((last.since, last.suppression_id)) if last else None,
    )


def _ground(parts: Parts, wish: SuppressionRequest) -> Ground:
    try:
        address = parts.vault.index(Kind(wish.kind), wish.value)
    except Unusable as unusable:
        raise unusable_value(unusable, "/value") from None
    return Ground(address, wish.scope, wish.reason)


async def _tell(
    tx: Tx, parts: Parts, wish: SuppressionRequest, ground: Ground, *, listed: bool
) -> None:
    """Whoever plans messages hears which member it is to whom messages would go there; not where.

    Raises Gone.
    """
    member_id = (await parts.forward.resolve([ground.address])).get(ground.address)
    if member_id is None:
        return
    answer = await parts.inner.request("identity", "GET", f"/internal/members/{member_id}", SYSTEM)
    if answer.status != 200:
        raise Gone("identity")
    person = Addressee.model_validate_json(answer.body)
    used = newest(person, Kind(wish.kind))
    if used is not None and used.index == ground.address:
        tx.publish(SuppressionChanged(member_id, Kind(wish.kind), wish.scope, listed, tx.now))


def _audit(tx: Tx, parts: Parts, principal: Principal, operation: str, kind: str) -> None:
    entry = entry_by(principal, Action.SUPPRESSION, Decision.DONE, operation, fields=[kind])
    parts.audit.record(tx, entry)


def _shown(row: Suppressed) -> Suppression:
    kind, _, _ = row.address.partition(":")
    return Suppression.model_validate({
        "suppression_id": row.suppression_id, "kind": kind, "scope": row.scope,
        "reason": row.reason, "since": row.since, "by_role": row.by_role,
        "by_subject": row.by_subject,
    })  # fmt: skip

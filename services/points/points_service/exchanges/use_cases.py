"""Lock the member, hold the limits, book, tell."""

from uuid import UUID

from chassis.database import Tx
from chassis.principal import Principal
from chassis.problem import Problem
from contracts.events import PointsBurnt
from contracts.points import programmes as api
from contracts.roles import Role
from points_service.calendar import month_of
from points_service.exchanges import repository
from points_service.exchanges.domain import (
    Exchange,
    Moment,
    exceeded,
    given_back,
    inward,
    multiples,
    outward,
    taken_back,
    whole,
)
from points_service.expiry import repository as expiry
from points_service.ledger import repository as ledger
from points_service.lots import repository as lots
from points_service.lots.domain import consume, give_back, total
from points_service.members.domain import Member
from points_service.members.use_cases import existing, locked
from points_service.partners import repository as partners
from points_service.partners.use_cases import only_itself
from points_service.redemption.use_cases import insufficient_points


async def exchange(
    tx: Tx,
    principal: Principal,
    member_id: UUID,
    request: api.PartnerExchangeRequest,
    *,
    dry_run: bool,
) -> api.PartnerExchange:
    """Exchange points. The same `partner_ref` again answers the same.

    Raises Problem 403 (not for this caller), 404 (member, partner), 422 (direction, a fraction),
    409 (limits, points, a `partner_ref` of another exchange).
    """
    partner = await partners.partner(tx, request.partner_id)
    only_itself(principal, partner)
    if principal.role is Role.MEMBER and request.direction == "in":
        raise Problem(403, "not_the_partner", "Only the partner knows", pointer="/direction")
    member = await locked(tx, member_id)
    before = await repository.by_ref(tx, request.partner_id, request.partner_ref)
    if before is not None:
        return shown(_same(before, member.member_id, request))
    terms = _terms(tx, partner, request)
    points, units = _amounts(terms.rate, request)
    await _keep_limits(tx, member.member_id, request, terms.limits, points, dry_run=dry_run)
    new = Exchange(
        exchange_id=tx.ids.new(),
        partner_id=request.partner_id,
        direction=request.direction,
        partner_ref=request.partner_ref,
        member_id=member.member_id,
        points=points,
        units=units,
        balance=_after(member, request.direction, points),
        exchanged_at=tx.now,
    )
    await (_out if new.direction == "out" else _in)(tx, member, new, dry_run=dry_run)
    return shown(new, dry_run=dry_run)


def _same(before: Exchange, member_id: UUID, request: api.PartnerExchangeRequest) -> Exchange:
    wanted = {"points": request.points, "units": request.units, "direction": request.direction}
    found = {name: getattr(before, name) for name, value in wanted.items() if value is not None}
    given = {name: value for name, value in wanted.items() if value is not None}
    if before.member_id != member_id or found != given:
        title = "This reference was another exchange's"
        raise Problem(409, "partner_ref_reused", title, pointer="/partner_ref")
    return before


def _terms(tx: Tx, partner: api.Partner, request: api.PartnerExchangeRequest) -> api.ExchangeTerms:
    terms = partner.terms(request.direction)
    if terms is None:
        raise Problem(422, "one_way", "The partner does not do that", pointer="/direction")
    if not partner.in_force(tx.now):
        raise Problem(409, "programme_over", "The programme is not in force", pointer="/partner_id")
    return terms


def _amounts(rate: api.ExchangeRate, request: api.PartnerExchangeRequest) -> tuple[int, int]:
    found = whole(rate, request.points, request.units)
    if found is None:
        points, units = multiples(rate)
        name, step = ("points", points) if request.points is not None else ("units", units)
        title = f"Only multiples of {step} can be exchanged at that rate"
        raise Problem(422, "not_a_multiple", title, pointer=f"/{name}")
    return found


def _after(member: Member, direction: api.Direction, points: int) -> int:
    if direction == "out":
        return member.balance - points
    return member.balance + points - min(member.owed, points)


async def _keep_limits(
    tx: Tx,
    member_id: UUID,
    request: api.PartnerExchangeRequest,
    limits: api.ExchangeLimits,
    points: int,
    *,
    dry_run: bool,
) -> None:
    key = request.partner_id, request.direction
    broken = exceeded(limits, await repository.used(tx, member_id, *key, tx.now), points)
    if broken is None:
        month = month_of(tx.now)
        if dry_run:
            total = await repository.in_month(tx, *key, month) + points
        else:
            total = await repository.count_in_month(tx, *key, month, points)
        if limits.total_month is not None and total > limits.total_month:
            broken = "total_month"
    if broken is not None:
        title = "That is more than the partner programme's limit"
        pointer = "/points" if request.points is not None else "/units"
        raise Problem(409, f"limit_{broken}", title, pointer=pointer)


async def _out(tx: Tx, member: Member, new: Exchange, *, dry_run: bool) -> None:
    held = await lots.with_points(tx, [member.member_id])
    uses = consume(held, new.points, new.exchange_id, tx.now)
    if total(uses) < new.points:
        raise insufficient_points()
    if not dry_run:
        await repository.add(tx, new)
        await lots.use(tx, uses)
        await ledger.post(tx, [outward(new)])
        tx.publish(PointsBurnt(member.member_id, new.points, tx.now, new.exchange_id))


async def _in(tx: Tx, member: Member, new: Exchange, *, dry_run: bool) -> None:
    if dry_run:
        return
    policies = await expiry.in_force(tx)
    journal, lot, uses = inward(new, member.owed, policies.expires_at(tx.now))
    await repository.add(tx, new)
    await lots.add(tx, [lot])
    await lots.use(tx, uses)
    await ledger.post(tx, [journal])


async def reverse(
    tx: Tx, principal: Principal, member_id: UUID, exchange_id: UUID
) -> api.PartnerExchange:
    """Undo an exchange; undone again it answers the same. Raises Problem 403, 404."""
    member = await locked(tx, member_id)
    found = await repository.lock(tx, exchange_id)
    if found is None or found.member_id != member.member_id:
        raise Problem(404, "unknown_exchange", "There is no such exchange")
    only_itself(principal, await partners.partner(tx, found.partner_id))
    if found.reversed_at is None:
        at = Moment(tx.ids.new(), tx.now)
        await (_give_back if found.direction == "out" else _take_back)(tx, member, found, at)
        found = await repository.lock(tx, exchange_id)
        assert found is not None
    return shown(found, balance=(await existing(tx, member_id)).balance)


async def _give_back(tx: Tx, member: Member, found: Exchange, at: Moment) -> None:
    origin = found.exchange_id
    returned = give_back(
        origin,
        (await lots.parts_of(tx, [origin]))[origin],
        owed=member.owed,
        since=found.exchanged_at,
        depreciations=await lots.depreciations(tx, found.exchanged_at),
        journal_id=at.journal_id,
        now=tx.now,
    )
    await _note(tx, found, at)
    await lots.restore(tx, returned.restores)
    await lots.use(tx, returned.uses)
    await ledger.post(tx, [given_back(found, member.member_id, returned, at)])


async def _take_back(tx: Tx, member: Member, found: Exchange, at: Moment) -> None:
    held = await lots.with_points(tx, [member.member_id])
    if all(lot.lot_id != found.exchange_id for lot in held):
        held += await lots.by_id(tx, [found.exchange_id])
    journal, uses = taken_back(found, member.member_id, held, at)
    await _note(tx, found, at)
    await lots.use(tx, uses)
    await ledger.post(tx, [journal])


async def _note(tx: Tx, found: Exchange, at: Moment) -> None:
    await repository.note_reversal(tx, found.exchange_id, at.journal_id)
    month = month_of(found.exchanged_at)
    await repository.uncount_in_month(tx, found.partner_id, found.direction, month, found.points)


async def page(tx: Tx, member_id: UUID, before: int, limit: int) -> api.PartnerExchanges:
    """A member's, newest first; raises Problem 404."""
    member = await existing(tx, member_id)
    found = await repository.page(tx, member.member_id, before, limit + 1)
    return api.PartnerExchanges(
        data=[shown(each) for _, each in found[:limit]],
        next_cursor=str(found[limit - 1][0]) if len(found) > limit else None,
    )


def shown(
    found: Exchange, *, dry_run: bool = False, balance: int | None = None
) -> api.PartnerExchange:
    """As the API shows it."""
    return api.PartnerExchange(
        exchange_id=None if dry_run else found.exchange_id,
        member_id=found.member_id,
        partner_id=found.partner_id,
        direction=found.direction,
        points=found.points,
        units=found.units,
        partner_ref=found.partner_ref,
        status="reversed" if found.reversed_at else "booked",
        exchanged_at=found.exchanged_at,
        reversed_at=found.reversed_at,
        balance=found.balance if balance is None else balance,
    )

"""Lock the member, decide, post."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chassis.database import Tx
from chassis.principal import Principal
from chassis.problem import Problem
from contracts.base import Money
from contracts.events import PointsBurnt
from contracts.points import packages as api
from points_service.ledger import repository as ledger
from points_service.lots import repository as lots
from points_service.lots.domain import consume, give_back, total
from points_service.members.domain import Member
from points_service.members.use_cases import existing, locked
from points_service.packages import repository
from points_service.packages.domain import (
    Purchase,
    Voucher,
    bought,
    first_back,
    refunded,
    vouchers,
)
from points_service.partners.repository import partner
from points_service.partners.use_cases import only_itself
from points_service.redemption.use_cases import insufficient_points

LATEST = 200


async def put(tx: Tx, package_id: str, package: api.Package) -> api.Package:
    """Keep a package; raises Problem 404 for a partner nobody knows, 422 for another id."""
    for each in package.components:
        await partner(tx, each.partner_id)
    await repository.packages.put(tx, package_id, package)
    return package


async def buy(
    tx: Tx, member_id: UUID, request: api.PackageRequest, *, dry_run: bool
) -> api.Purchase:
    """Buy a package; raises Problem 404 (member, package), 409 (not on sale, not enough points)."""
    package = await repository.packages.find(tx, api.Package, request.package_id)
    if package is None:
        raise Problem(404, "unknown_package", "There is no such package", pointer="/package_id")
    if not package.in_force(tx.now):
        raise Problem(409, "not_on_sale", "The package is not on sale", pointer="/package_id")
    member = await locked(tx, member_id)
    purchase = Purchase(
        purchase_id=tx.ids.new(),
        package_id=package.package_id,
        member_id=member.member_id,
        points=package.points,
        fen=package.fen,
        tender=request.tender,
        bought_at=tx.now,
    )
    held = await lots.with_points(tx, [member.member_id])
    uses = consume(held, package.points, purchase.purchase_id, tx.now)
    if total(uses) < package.points:
        raise insufficient_points("/package_id")
    found = vouchers(package, purchase, lambda: secrets.token_bytes(10))
    if dry_run:
        return shown(purchase, [], tx.now, dry_run=True)
    await repository.add(tx, purchase, found)
    await lots.use(tx, uses)
    await ledger.post(tx, bought(purchase, found, tx.ids.new()))
    if package.points:
        tx.publish(PointsBurnt(member.member_id, package.points, tx.now, purchase.purchase_id))
    return shown(purchase, found, tx.now)


async def redeem(tx: Tx, principal: Principal, code: str) -> api.Voucher:
    """Use a voucher; raises Problem 403 (another partner's), 404, 409 (used, given back, late)."""
    voucher = await repository.locked_voucher(tx, code)
    if voucher is None:
        raise Problem(404, "unknown_voucher", "There is no such voucher")
    only_itself(principal, await partner(tx, voucher.partner_id))
    state = _status(voucher, tx.now)
    if state != "unused":
        raise Problem(409, f"voucher_{state}", f"The voucher is {state}")
    await repository.redeem(tx, code)
    again = await repository.locked_voucher(tx, code)
    assert again is not None
    return _voucher(again, tx.now)


async def refund(
    tx: Tx, member_id: UUID, purchase_id: UUID, request: api.PackageRefundRequest
) -> api.PackageRefund:
    """Give unused components back, also those past their date.

    Raises Problem 404 (member, purchase), 409 (used, given back, unknown component).
    """
    member = await locked(tx, member_id)
    purchase = await repository.lock(tx, purchase_id)
    if purchase is None or purchase.member_id != member.member_id:
        raise Problem(404, "unknown_purchase", "There is no such purchase")
    found = await repository.vouchers(tx, [purchase_id], lock=True)
    unused = {each.component_id: each for each in found if each.unused}
    wanted = sorted(set(unused if request.components is None else request.components))
    if not wanted or any(each not in unused for each in wanted):
        raise Problem(409, "nothing_left", "These are not there unused", pointer="/components")
    back = [unused[each] for each in wanted]
    refund_id = await _give_back(tx, member, purchase, back)
    return api.PackageRefund(
        refund_id=refund_id,
        components=wanted,
        points=sum(each.points for each in back),
        refunded=Money(amount=sum(each.fen for each in back)),
        balance=(await existing(tx, member_id)).balance,
    )


async def _give_back(tx: Tx, member: Member, purchase: Purchase, back: Sequence[Voucher]) -> UUID:
    origin, points_id, money_id = purchase.purchase_id, tx.ids.new(), tx.ids.new()
    parts = (await lots.parts_of(tx, [origin]))[origin]
    returned = give_back(
        origin,
        first_back(parts, sum(each.points for each in back)),
        owed=member.owed,
        since=purchase.bought_at,
        depreciations=await lots.depreciations(tx, purchase.bought_at),
        journal_id=points_id,
        now=tx.now,
    )
    await repository.refund(tx, [each.code for each in back])
    await lots.restore(tx, returned.restores)
    await lots.use(tx, returned.uses)
    journals = refunded(
        purchase,
        back,
        returned,
        holder=member.member_id,
        ids=(points_id, money_id),
        now=tx.now,
    )
    await ledger.post(tx, journals)
    return points_id


async def of_member(tx: Tx, member_id: UUID) -> api.Purchases:
    """What a member bought; raises Problem 404."""
    member = await existing(tx, member_id)
    found = await repository.purchases(tx, member.member_id, LATEST)
    of = await repository.vouchers(tx, [each.purchase_id for each in found])
    return api.Purchases(
        data=[
            shown(each, [one for one in of if one.purchase_id == each.purchase_id], tx.now)
            for each in found
        ]
    )


def shown(
    purchase: Purchase, found: Sequence[Voucher], now: datetime, *, dry_run: bool = False
) -> api.Purchase:
    """As the API shows it."""
    return api.Purchase(
        purchase_id=None if dry_run else purchase.purchase_id,
        member_id=purchase.member_id,
        package_id=purchase.package_id,
        points=purchase.points,
        paid=Money(amount=purchase.fen),
        bought_at=purchase.bought_at,
        vouchers=[_voucher(each, now) for each in found],
    )


def _voucher(voucher: Voucher, now: datetime) -> api.Voucher:
    return api.Voucher.model_validate(
        {
            "code": voucher.code,
            "component_id": voucher.component_id,
            "partner_id": voucher.partner_id,
            "points": voucher.points,
            "value": Money(amount=voucher.fen),
            "status": _status(voucher, now),
            "valid_until": voucher.valid_until,
            "redeemed_at": voucher.redeemed_at,
        }
    )


def _status(voucher: Voucher, now: datetime) -> str:
    if voucher.redeemed_at is not None:
        return "redeemed"
    if voucher.refunded_at is not None:
        return "refunded"
    return "unused" if now < voucher.valid_until else "expired"

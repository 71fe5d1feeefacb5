"""Statements: of a closed month as written, of an open one as the ledger says now.

Entries belong to the month they were posted in, whatever their orders' dates. A month closes after
its end and after those before it. Should something appear in a closed month all the same (a
transaction that began before midnight, a clock set back), the first open month carries it, so
that every entry is in exactly one statement.
"""

import re
from datetime import date

from chassis.database import Tx
from chassis.principal import Principal
from chassis.problem import Problem
from contracts.points.programmes import Month, Settlement
from contracts.points_events import SettlementClosed
from points_service.calendar import month_of, months_later, start_of
from points_service.partners.repository import partner
from points_service.partners.use_cases import only_itself
from points_service.programme import Programme
from points_service.settlements import repository
from points_service.settlements.domain import Sums, added, carried, lines


def parsed(month: str) -> date:
    """`YYYY-MM`; raises Problem 422."""
    if not re.fullmatch(Month, month) or month < "0002":
        raise Problem(422, "invalid_month", "A month is YYYY-MM", pointer="#query/month")
    return date.fromisoformat(f"{month}-01")


async def statement(tx: Tx, programme: Programme, month: date) -> Settlement:
    """All parties of a month."""
    done = await repository.closed(tx, month)
    if done is None:
        return _shown(month, await _open(tx, month), programme.points_per_yuan)
    closed_at, rate = done
    shown = _shown(month, await repository.written(tx, month), rate)
    return shown.model_copy(update={"closed_at": closed_at})


async def statement_of(
    tx: Tx, programme: Programme, principal: Principal, partner_id: str, month: date
) -> Settlement:
    """A partner's line of it; raises Problem 403, 404."""
    only_itself(principal, await partner(tx, partner_id))
    full = await statement(tx, programme, month)
    own = [line for line in full.lines if line.party == partner_id]
    net = {name: sum(getattr(line, name) for line in own) for name in ("net", "net_fen")}
    return full.model_copy(update={"lines": own, **net})


async def close(tx: Tx, programme: Programme, month: date) -> Settlement:
    """Write the month's statement; closed again it answers the same.

    Raises Problem 409 while the month lasts, one before it is open, or it lies before them all.
    """
    await repository.lock(tx)
    if await repository.closed(tx, month) is None:
        if tx.now < start_of(months_later(month, 1)):
            raise Problem(409, "month_not_over", "The month is not over yet")
        last = await repository.last_closed(tx)
        first = await repository.first_posted(tx)
        begin = months_later(last, 1) if last else month_of(first) if first else month
        if month < begin:
            raise Problem(409, "nothing_to_close", f"{begin:%Y-%m} is the first month to close")
        if begin < month:
            title = f"{begin:%Y-%m} has to be closed before"
            raise Problem(409, "earlier_month_open", title)
        sums = await _open(tx, month)
        await repository.close(tx, month, programme.points_per_yuan, sums)
        tx.publish(SettlementClosed(f"{month:%Y-%m}", tx.now))
    return await statement(tx, programme, month)


async def _open(tx: Tx, month: date) -> list[Sums]:
    last = await repository.last_closed(tx)
    if last is None or month != months_later(last, 1):
        return await repository.fold(tx, month, month)
    folded = await repository.fold(tx, None, month)
    own = [each for each in folded if each.month == month]
    before = [each for each in folded if each.month < month]
    return added([*own, *carried(before, await repository.written(tx), month)])


def _shown(month: date, sums: list[Sums], points_per_yuan: int) -> Settlement:
    found = lines(sums, points_per_yuan)
    return Settlement(
        month=f"{month:%Y-%m}",
        closed_at=None,
        points_per_yuan=points_per_yuan,
        lines=found,
        net=sum(line.net for line in found),
        net_fen=sum(line.net_fen for line in found),
    )

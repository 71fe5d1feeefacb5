"""What a plan's offers may cost, set aside by points between approval and the end. Pure."""

from datetime import datetime
from uuid import UUID

from campaign_service.campaigns import offers
from contracts.base import Money
from contracts.campaign.budgets import BudgetReleased, BudgetRequested
from contracts.campaign.offers import PointsOffer, worst_fen
from contracts.campaign.plans import Plan, Reservation
from contracts.campaign.plans import ReservationState as State
from contracts.points_events import BudgetAnswered


def contacts(plan: Plan, points_per_yuan: int) -> int | None:
    """How many offers the budget pays for; None where nothing bounds what one costs."""
    each = worst_fen(plan.offer, points_per_yuan)
    return plan.budget.amount // each if each else None


def needed(plan: Plan, reservation_id: UUID, points_per_yuan: int) -> Reservation | None:
    """What to ask points for; None where there is nothing to set aside."""
    count, each = contacts(plan, points_per_yuan), worst_fen(plan.offer, points_per_yuan)
    if count is None:
        return None
    return Reservation(
        reservation_id=reservation_id,
        state=State.REQUESTED,
        contacts=count,
        each=Money(amount=each),
        total=Money(amount=count * each),
    )


def request(
    campaign_id: UUID, plan: Plan, reservation: Reservation, now: datetime
) -> BudgetRequested:
    """The same as points hears it."""
    offer = plan.offer
    return BudgetRequested(
        reservation_id=reservation.reservation_id,
        campaign_id=campaign_id,
        contacts=reservation.contacts,
        each_fen=reservation.each.amount,
        requested_at=now,
        promise=offers.promise(offer) if offers.is_coupon(offer) else None,
        points=offer.points if isinstance(offer, PointsOffer) else 0,
    )


def answered(reservation: Reservation, answer: BudgetAnswered) -> Reservation | None:
    """The reservation after points answered; None where that changes nothing."""
    asked = reservation.reservation_id == answer.reservation_id
    if not asked or reservation.state is not State.REQUESTED:
        return None
    state = State.RESERVED if answer.reserved else State.REFUSED
    return reservation.model_copy(update={"state": state, "reason": answer.reason})


def released(reservation: Reservation) -> Reservation | None:
    """The reservation given back; None where nothing was asked for, or it is back already."""
    if reservation.state not in (State.REQUESTED, State.RESERVED):
        return None
    return reservation.model_copy(update={"state": State.RELEASED})


def release(
    campaign_id: UUID, reservation: Reservation, offered: int, now: datetime
) -> BudgetReleased:
    """The same as points hears it."""
    return BudgetReleased(reservation.reservation_id, campaign_id, offered, now)


def launchable(reservation: Reservation | None) -> bool:
    """Whether nothing has to be set aside, or it is."""
    return reservation is None or reservation.state is State.RESERVED

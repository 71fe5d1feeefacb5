"""Applications: the work-flow, and what can be wrong with one. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from points_service.benefits.domain import Terms, reaches


class Status(StrEnum):
    """Where an application is."""

    APPLIED = "applied"
    ACCEPTED = "accepted"
    FULFILLED = "fulfilled"
    REFUSED = "refused"


OPEN = frozenset({Status.APPLIED, Status.ACCEPTED})
OVERDUE = "overdue"  # asked for and told; not a status: an overdue one can still be fulfilled


class Action(StrEnum):
    """What staff do with one."""

    ACCEPT = "accept"
    FULFIL = "fulfil"
    REFUSE = "refuse"


FLOW = {
    Action.ACCEPT: (frozenset({Status.APPLIED}), Status.ACCEPTED),
    Action.FULFIL: (frozenset({Status.ACCEPTED}), Status.FULFILLED),
    Action.REFUSE: (OPEN, Status.REFUSED),
}


@dataclass(frozen=True, slots=True)
class Application:
    """`use_id` is the use it counts as; `due_at` is when it has to be fulfilled."""

    application_id: UUID
    use_id: UUID
    member_id: UUID
    benefit_id: str
    area: str | None
    note: str | None
    order_no: str | None
    status: Status
    reason: str | None
    applied_at: datetime
    due_at: datetime
    changed_at: datetime
    changed_by: str
    told_overdue: bool = False

    def overdue(self, now: datetime) -> bool:
        """Whether it was not, or is not yet, fulfilled though it should have been by then."""
        if self.status is Status.REFUSED:
            return False
        return (now if self.status in OPEN else self.changed_at) > self.due_at


@dataclass(frozen=True, slots=True)
class Bought:
    """The order an application names: whether it is the member's, and fen paid and kept."""

    own: bool
    fen: int


@dataclass(frozen=True, slots=True)
class Objection:
    """Why it cannot be applied for, and where in the application."""

    code: str
    title: str
    pointer: str


def objection(
    terms: Terms, area: str | None, order_no: str | None, bought: Bought | None
) -> Objection | None:
    """What is wrong with an application on these terms; `bought` is the order it names."""
    if not reaches(terms, area):
        return Objection("outside_area", "It is not available in this area", "/area")
    if order_no is None:
        if terms.order_from_fen:
            return Objection("no_order", "For which order?", "/order_no")
        return None
    if bought is None or not bought.own:
        return Objection("unknown_order", "The member has no such order", "/order_no")
    if bought.fen < terms.order_from_fen:
        return Objection("order_too_small", "The order is too small for it", "/order_no")
    return None


def act(
    application: Application, action: Action, reason: str | None, now: datetime, who: str
) -> Application | None:
    """The application after it; None where that cannot be done with it any more, or not yet."""
    before, after = FLOW[action]
    if application.status not in before:
        return None
    return replace(application, status=after, reason=reason, changed_at=now, changed_by=who)

"""Kinds of rule that are published. A new one: a file like its neighbours and a line here."""

from collections.abc import Awaitable, Callable

from chassis.database import Tx
from points_service.programme import Programme
from points_service.rulebook.domain import Section
from points_service.rulebook.rules import (
    coupons,
    earning,
    expiry,
    packages,
    paid_memberships,
    partners,
    points,
    referrals,
    rewards,
    stored_value,
    tasks,
    tiers,
    transfers,
)

SECTIONS: tuple[Callable[[Tx, Programme], Awaitable[Section]], ...] = (
    points.section,
    expiry.section,
    transfers.section,
    earning.section,
    tasks.section,
    referrals.section,
    tiers.section,
    coupons.section,
    rewards.section,
    stored_value.section,
    paid_memberships.section,
    partners.section,
    packages.section,
)

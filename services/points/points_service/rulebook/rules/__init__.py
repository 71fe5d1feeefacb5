"""Kinds of rule that are published. A new one: a file like its neighbours and a line here."""

from collections.abc import Callable

from points_service.rulebook.domain import Section
from points_service.rulebook.facts import Facts
from points_service.rulebook.rules import (
    benefits,
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

SECTIONS: tuple[Callable[[Facts], Section], ...] = (
    points.section,
    expiry.section,
    transfers.section,
    earning.section,
    tasks.section,
    referrals.section,
    tiers.section,
    benefits.section,
    coupons.section,
    rewards.section,
    stored_value.section,
    paid_memberships.section,
    partners.section,
    packages.section,
)

"""Read everything that is published."""

from uuid import UUID

from chassis.database import Tx
from contracts.points.packages import Package
from contracts.points.paid_memberships import Plan
from contracts.points.programmes import Partner
from contracts.points.stored_value import BonusRule
from points_service.acts import repository as acts
from points_service.benefits import repository as benefits
from points_service.coupons import templates
from points_service.coupons.domain import Head
from points_service.earning import repository as earning
from points_service.expiry import repository as expiry
from points_service.expiry.use_cases import LEADS
from points_service.packages.repository import packages
from points_service.paid_memberships.repository import plans
from points_service.partners.repository import partners
from points_service.programme import Programme
from points_service.rewards import repository as rewards
from points_service.rewards.domain import Reward
from points_service.rulebook.facts import Facts
from points_service.stored_value.repository import rules as bonus_rules
from points_service.tasks import repository as tasks
from points_service.tiers.repository import ladder

PAGE = 500


async def load(tx: Tx, programme: Programme) -> Facts:
    """The rules as this transaction sees them."""
    versions = await earning.versions(tx)
    told = await tasks.definitions(tx)
    return Facts(
        now=tx.now,
        programme=programme,
        leads=LEADS,
        policies=await expiry.policies(tx),
        earning=[(each.rule(), each.definition) for each in versions],
        acts=await acts.kind_definitions(tx),
        tasks=[(each, told[each.task_id]) for each in await tasks.tasks(tx)],
        ladder=await ladder(tx, programme.ladder_id),
        benefits=await benefits.catalogue(tx),
        templates=await _templates(tx),
        rewards=await _rewards(tx),
        bonus_rules=await bonus_rules.all(tx, BonusRule),
        plans=await plans.all(tx, Plan),
        partners=await partners.all(tx, Partner),
        packages=await packages.all(tx, Package),
    )


async def _templates(tx: Tx) -> list[Head]:
    found = page = await templates.page(tx, UUID(int=0), PAGE)
    while len(page) == PAGE:
        page = await templates.page(tx, page[-1].terms.template.template_id, PAGE)
        found = found + page
    return found


async def _rewards(tx: Tx) -> list[Reward]:
    found = page = await rewards.page(tx, "", PAGE)
    while len(page) == PAGE:
        page = await rewards.page(tx, page[-1].reward_id, PAGE)
        found = found + page
    return found

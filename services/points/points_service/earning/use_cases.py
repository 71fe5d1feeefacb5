"""Rules as they are asked by orders and acts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from chassis.database import Tx
from contracts.points_events import TagsChanged
from points_service.catalogue import repository as catalogue
from points_service.catalogue.domain import Goods
from points_service.earning import repository
from points_service.earning.domain import Earning, Meter, RuleSet
from points_service.members import repository as members
from points_service.programme import Programme


async def load(
    tx: Tx,
    programme: Programme,
    deeds: Collection[tuple[str, datetime]],
    holders: Collection[UUID],
    *,
    goods: Mapping[str, Goods] | None = None,
    version: int | None = None,
) -> Earning:
    """The rules, and of living members what rules for these deeds (kind, moment) ask about."""
    rules = await rules_now(tx, programme, version)
    asks = any(rules.plan(kind, at).asks_about for kind, at in deeds)
    about = await repository.about(tx, sorted(holders)) if asks else {}
    return Earning(rules, goods or {}, about)


async def rules_now(tx: Tx, programme: Programme, version: int | None = None) -> RuleSet:
    """All versions of all rules, compiled once; `version`: of the catalogue, if it is known."""
    if version is None:
        version = await catalogue.version(tx)
    return await programme.earning.get(version, lambda: repository.rule_set(tx))


async def know(tx: Tx, earning: Earning, asked: Collection[tuple[str, UUID, date]]) -> Earning:
    """With what limited rules gave before; their budgets stay locked until the commit.

    Members are locked already. Rules that the first look did not ask about are added by the next.
    """
    known = await repository.used(tx, asked, sorted(_budgeted(earning.rules, asked)))
    return replace(earning, known={**earning.known, **known})


def _budgeted(rules: RuleSet, asked: Collection[tuple[str, UUID, date]]) -> set[str]:
    ids = {rule_id for rule_id, _, _ in asked}
    return {rule.rule_id for rule in rules.rules if rule.rule_id in ids and rule.limits.budget}


async def spend(tx: Tx, meter: Meter) -> None:
    """Keep what limited rules have given."""
    if meter.spent:
        await repository.use(tx, meter.spent)


async def tag(tx: Tx, events: Sequence[TagsChanged]) -> None:
    """Keep members' tags; the greatest version counts, in whatever sequence they are told.

    What is told of an absorbed member was known before profile heard of the merge: the survivor's
    tags are told anew.
    """
    told: dict[UUID, tuple[int, Sequence[str]]] = {}
    for event in events:
        for member_id, version, tags in event.members:
            if member_id not in told or told[member_id][0] < version:
                told[member_id] = (version, tags)
    absorbed = await members.survivors(tx, told)
    living = {member_id: row for member_id, row in told.items() if member_id not in absorbed}
    if living:
        await repository.tag(tx, living)

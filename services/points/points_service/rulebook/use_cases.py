"""Render what is in force; if it says something else than before, it is a new version."""

from typing import Any

from chassis.database import Database, Tx
from chassis.problem import Problem
from contracts.points import rulebook as api
from points_service.programme import Programme
from points_service.rulebook import repository
from points_service.rulebook.domain import content, digest
from points_service.rulebook.loading import load
from points_service.rulebook.repository import Version
from points_service.rulebook.rules import SECTIONS

TITLES = {"zh": "会员规则", "en": "Rules of membership"}


async def published(tx: Tx, programme: Programme) -> Version:
    """The version in force, published by this call if nobody has asked since it changed."""
    found = await repository.latest(tx)
    if found is not None and found.hash == digest(await _rendered(tx, programme)):
        return found
    await repository.lock(tx)
    # Once more: what was read before the lock may be older than what others published meanwhile.
    now = await _rendered(tx, programme)
    found = await repository.latest(tx)
    if found is None or found.hash != digest(now):
        number = found.version + 1 if found else 1
        found = Version(number, digest(now), now, tx.now)
        await repository.add(tx, found)
    return found


async def _rendered(tx: Tx, programme: Programme) -> list[Any]:
    facts = await load(tx, programme)
    return content(section(facts) for section in SECTIONS)


async def publish(db: Database, programme: Programme) -> None:
    """Publish what has changed with the day."""
    async with db.transaction() as tx:
        await published(tx, programme)


async def show(
    tx: Tx, programme: Programme, language: api.Language, version: int | None
) -> api.PublicRules:
    """The version in force, or an earlier one; raises Problem 404."""
    newest = await published(tx, programme)
    found = newest if version is None else await repository.find(tx, version)
    if found is None:
        raise Problem(404, "unknown_version", "There is no such version")
    return api.PublicRules(
        version=found.version,
        latest=newest.version,
        published_at=found.published_at,
        language=language,
        title=TITLES[language],
        sections=[
            api.RuleSection(
                code=each["code"],
                title=each["title"][language],
                rules=[rule[language] for rule in each["rules"]],
            )
            for each in found.content
        ],
    )

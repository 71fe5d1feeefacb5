"""Ladders as the API shows and changes them, and what happens with every change of tier."""

from collections.abc import Mapping, Sequence

from chassis.database import Tx
from chassis.problem import Problem
from contracts.base import Money, ProblemError
from contracts.events import TierChanged
from contracts.points import tiers as api
from contracts.points.common import Words
from points_service.benefits import repository as benefits
from points_service.benefits.domain import Benefit
from points_service.benefits.worth import LEAST_GAP, Basket, Gap, above, gaps, worth
from points_service.programme import Programme
from points_service.tiers import repository
from points_service.tiers.checks import moves, objections
from points_service.tiers.domain import (
    Condition,
    Grant,
    Ladder,
    LadderKind,
    Rung,
    Step,
    direction,
)
from points_service.tiers.repository import Version


async def show_all(tx: Tx, programme: Programme) -> api.TierLadders:
    """All ladders, by id."""
    catalogue = await benefits.catalogue(tx)
    found = await repository.current(tx)
    return api.TierLadders(data=[_shown(each, catalogue, programme.basket) for each in found])


async def show(tx: Tx, programme: Programme, ladder_id: str) -> api.TierLadder:
    """A ladder's tiers, their conditions, benefits and worth; raises Problem 404."""
    found = await repository.current(tx, ladder_id)
    if not found:
        raise repository.unknown_ladder()
    return _shown(found[0], await benefits.catalogue(tx), programme.basket)


async def versions(tx: Tx, programme: Programme, ladder_id: str) -> api.TierLadderVersions:
    """All versions, newest first; raises Problem 404."""
    found = await repository.current(tx, ladder_id)
    if not found:
        raise repository.unknown_ladder()
    catalogue = await benefits.catalogue(tx)
    return api.TierLadderVersions(
        data=[
            api.TierLadderVersion(
                **dict(_shown(each, catalogue, programme.basket)), valid_until=each.valid_until
            )
            for each in found + await repository.past(tx, ladder_id)
        ]
    )


async def change(
    tx: Tx, programme: Programme, ladder_id: str, request: api.TierLadderChange, who: str
) -> None:
    """Put a new version in force; the same again changes nothing.

    Raises Problem 422 with a pointer for everything that is wrong with it.
    """
    await benefits.lock_catalogue(tx)
    catalogue = await benefits.catalogue(tx)
    if wrong := objections(request, catalogue):
        raise Problem(422, "wrong_ladder", "This is no ladder", errors=wrong)
    before = await repository.current(tx, ladder_id)
    after = _ladder(ladder_id, request, before[0].ladder if before else None)
    if narrow := gaps(after, catalogue, programme.basket):
        raise Problem(
            422,
            "tiers_too_close",
            f"A tier of a mall is worth {LEAST_GAP} % more than the one below",
            errors=[too_close(gap) for gap in narrow],
        )
    if not before or before[0].ladder != after:
        await repository.replace(tx, after, before[0].version + 1 if before else 1, who)


def too_close(gap: Gap) -> ProblemError:
    """What a tier's worth is short of, in the tier's place in the ladder."""
    percent = "" if gap.above_percent is None else f", {gap.above_percent} % more"
    return ProblemError(
        pointer=f"/tiers/{gap.place}",
        code="tiers_too_close",
        detail=(
            f"Worth {gap.worth_fen} fen a year against {gap.below_fen} of the tier below{percent};"
            f" {gap.missing_fen} fen are missing to {LEAST_GAP} %"
        ),
    )


def _ladder(ladder_id: str, request: api.TierLadderChange, before: Ladder | None) -> Ladder:
    def on(moved: Mapping[str, str]) -> Ladder:
        return Ladder(
            ladder_id=ladder_id,
            name=request.name,
            rungs=tuple(_rung(tier) for tier in request.tiers),
            kind=LadderKind(request.kind),
            qualification_months=request.qualification_months,
            grace_days=request.grace_days,
            soft_landing=request.soft_landing,
            moves=moved,
        )

    return on(moves(request.moves, before, on({})))


def _rung(tier: api.TierRungChange) -> Rung:
    return Rung(
        name=tier.name,
        points_percent=tier.points_percent,
        conditions=tuple(Condition(c.kind, c.at_least, c.months) for c in tier.conditions),
        price_percent=tier.price_percent,
        grants=tuple(Grant(each.benefit_id, each.quota) for each in tier.benefits),
        zh=tier.title.zh,
        en=tier.title.en,
    )


def _shown(version: Version, catalogue: Mapping[str, Benefit], basket: Basket) -> api.TierLadder:
    ladder = version.ladder
    values = [worth(rung, catalogue, basket) for rung in ladder.rungs]
    return api.TierLadder(
        ladder_id=ladder.ladder_id,
        version=version.version,
        valid_from=version.valid_from,
        changed_by=version.changed_by,
        name=ladder.name,
        kind=ladder.kind,
        qualification_months=ladder.qualification_months,
        grace_days=ladder.grace_days,
        soft_landing=ladder.soft_landing,
        moves=dict(ladder.moves),
        tiers=[
            _shown_rung(rung, value, below)
            for rung, value, below in zip(ladder.rungs, values, [0, *values], strict=False)
        ],
    )


def _shown_rung(rung: Rung, value: int, below: int) -> api.TierRung:
    return api.TierRung(
        name=rung.name,
        title=Words(zh=rung.zh, en=rung.en),
        points_percent=rung.points_percent,
        price_percent=rung.price_percent,
        conditions=[
            api.TierCondition(kind=each.kind, at_least=each.at_least, months=each.months)
            for each in rung.conditions
        ],
        benefits=[
            api.TierBenefit(benefit_id=each.benefit_id, quota=each.quota) for each in rung.grants
        ],
        worth=Money(amount=value),
        above_percent=above(value, below),
    )


async def record(tx: Tx, steps: Sequence[Step]) -> None:
    """Keep them and tell them, with the way they went."""
    if not steps:
        return
    await repository.add_steps(tx, steps)
    known = [version.ladder for version in await repository.current(tx)]
    for step in steps:
        tx.publish(
            TierChanged(
                step.member_id, step.tier, step.previous, step.reason, step.changed_at,
                direction(known, step),
            )
        )  # fmt: skip

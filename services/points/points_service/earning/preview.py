"""What a rule would give: the same orders rated with and without it. Changes nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from chassis.database import Tx
from contracts.points import earning as api
from points_service.calendar import day_of
from points_service.catalogue import repository as catalogue
from points_service.earning import repository
from points_service.earning.domain import Earned, Key, Meter, RuleSet
from points_service.earning.repository import Version
from points_service.earning.rules.rule import ORDER, About, Deed, Streak
from points_service.programme import Programme
from points_service.tiers import repository as tiers

NOBODY = UUID(int=0)
ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Sample:
    """A deed to try a rule on."""

    deed: Deed
    member_id: UUID = NOBODY
    order_no: str | None = None


class _Untouched(dict[Key, int]):
    """Limits from which nothing was taken yet."""

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: Key) -> int:
        return 0


async def preview(
    tx: Tx, programme: Programme, version: Version, body: api.EarningRuleBody
) -> api.EarningPreview:
    """The rule as if it had been in force for ever, on the example and on the last orders."""
    known = await repository.versions(tx)
    others = [each for each in known if each.rule_id != version.rule_id]
    before = _rules(known)
    after = _rules([*others, replace(version, in_force_from=ALWAYS)])
    samples = list(await _samples(tx, programme, body))
    tried = [
        api.Tried(
            order_no=sample.order_no,
            points_before=was.points, points_after=now.points,
            growth_before=was.growth, growth_after=now.growth,
        )
        for sample, was, now in zip(
            samples, _rate(before, samples), _rate(after, samples), strict=True
        )
    ]  # fmt: skip
    return api.EarningPreview(
        points_more=sum(each.points_after - each.points_before for each in tried),
        growth_more=sum(each.growth_after - each.growth_before for each in tried),
        tried=tried,
    )


def _rules(versions: Sequence[Version]) -> RuleSet:
    return RuleSet(each.rule() for each in versions if not each.definition["paused"])


def _rate(rules: RuleSet, samples: Sequence[Sample]) -> Iterator[Earned]:
    meter = Meter(_Untouched())
    for each in samples:
        yield rules.plan(each.deed.kind, each.deed.at).rate(each.deed, each.member_id, meter)


async def _samples(tx: Tx, programme: Programme, body: api.EarningRuleBody) -> list[Sample]:
    ladder = await tiers.ladder(tx, programme.ladder_id)
    samples = []
    if body.example:
        samples.append(Sample(_deed(body.example, tx.now, ladder.lowest)))
    samples += [
        Sample(
            Deed(
                ORDER, row["paid_at"], row["tier"], paid_fen=row["paid_fen"], items=row["items"],
                store=row["store"], channel=row["channel"],
            ),
            row["member_id"],
            row["order_no"],
        )
        for row in await repository.last_orders(tx, body.last_orders)
    ]  # fmt: skip
    skus = {sku for sample in samples for sku, _, _ in sample.deed.items}
    goods = await catalogue.products(tx, skus) if skus else {}
    about = await repository.about(tx, sorted({sample.member_id for sample in samples}))
    return [
        replace(
            sample,
            deed=replace(
                sample.deed,
                goods=goods,
                tier_percent=ladder.rung(sample.deed.tier).points_percent,
                about=about.get(sample.member_id, sample.deed.about),
            ),
        )
        for sample in samples
    ]


def _deed(example: api.EarningExample, now: datetime, lowest: str) -> Deed:
    at = example.at or now
    birthdays = frozenset({day_of(at)}) if example.birthday else frozenset()
    return Deed(
        kind=example.on,
        at=at,
        tier=example.tier or lowest,
        paid_fen=example.paid.amount,
        items=[(line.sku, line.quantity, line.amount.amount) for line in example.items],
        store=example.store,
        channel=example.channel,
        first_purchase=example.first_purchase,
        about=About(example.birth_month, birthdays, frozenset(example.tags)),
        streak=Streak(before=example.streak - 1),
    )

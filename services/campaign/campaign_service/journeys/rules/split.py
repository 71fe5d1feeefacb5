"""Goes where chance puts the member, the same for ever."""

from collections.abc import Iterator

from campaign_service.experiments.assigning import position
from campaign_service.journeys.domain import Facts, Go, Kind, Run, Surroundings, Words
from contracts.campaign.journey_nodes import SplitNode


def decide(node: SplitNode, run: Run, _around: Surroundings) -> Go:
    """By a hash of journey, node and member as it was when it came."""
    place = position(f"{run.journey_id}/{run.node}", run.original_member_id) * 100
    chosen, upto = node.arms[-1], 0
    for arm in node.arms:
        upto += arm.percent
        if place < upto:
            chosen = arm
            break
    facts: Facts = {"arm": chosen.arm, "percent": chosen.percent}
    return Go(chosen.next, run.at, "split", facts, run.mark, arm=chosen.arm)


def leads(node: SplitNode) -> Iterator[tuple[str, str]]:
    """A way an arm."""
    for n, each in enumerate(node.arms):
        yield f"/arms/{n}/next", each.next


KIND = Kind(
    decide,
    {"split": Words("随机分到{arm}组（{percent}%）", "drawn into arm {arm} ({percent}%)")},
    leads,
)

"""Goes where the first case that is true leads."""

from collections.abc import Iterator

from campaign_service.journeys.domain import Go, Kind, Run, Surroundings, Words, true_of
from contracts.campaign.journey_nodes import BranchNode


def decide(node: BranchNode, run: Run, around: Surroundings) -> Go:
    """By what is known now."""
    for n, case in enumerate(node.cases, 1):
        if true_of(case.when, run, around):
            return Go(case.next, run.at, "branched", {"case": n, "to": case.next}, run.mark)
    return Go(node.otherwise, run.at, "otherwise", {"to": node.otherwise}, run.mark)


def leads(node: BranchNode) -> Iterator[tuple[str, str]]:
    """A way a case, and one for none."""
    for n, each in enumerate(node.cases):
        yield f"/cases/{n}/next", each.next
    yield "/otherwise", node.otherwise


KIND = Kind(
    decide,
    {
        "branched": Words("符合第{case}个条件，转到{to}", "case {case} is true, on to {to}"),
        "otherwise": Words("不符合任何条件，转到{to}", "no case is true, on to {to}"),
    },
    leads,
)

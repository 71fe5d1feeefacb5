"""Tags the member for some days."""

from collections.abc import Iterator

from campaign_service.journeys.domain import Go, Kind, Run, Surroundings, Words
from contracts.campaign.journey_nodes import TagNode


def decide(node: TagNode, run: Run, around: Surroundings) -> Go:
    """It has been done by now, or not for whoever is in the control group."""
    return Go(
        node.next, run.at, f"tag_{around.done}", {"tag": node.tag, "days": node.days}, run.mark
    )


def leads(node: TagNode) -> Iterator[tuple[str, str]]:
    """One way."""
    yield "/next", node.next


KIND = Kind(
    decide,
    {
        "tag_done": Words("打上标签{tag}，{days}天", "tagged {tag} for {days} days"),
        "tag_control": Words(
            "在对照组中，不打标签{tag}", "in the control group, so not tagged {tag}"
        ),
    },
    leads,
    acts=True,
)

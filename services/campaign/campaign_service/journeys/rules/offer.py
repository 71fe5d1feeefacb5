"""Gives the campaign's offer without a message."""

from collections.abc import Iterator

from campaign_service.journeys.domain import Go, Kind, Run, Surroundings, Words
from contracts.campaign.journey_nodes import OfferNode


def decide(node: OfferNode, run: Run, around: Surroundings) -> Go:
    """It has been done by now, or not for whoever is in the control group."""
    return Go(node.next, run.at, f"offer_{around.done}", {}, run.mark)


def leads(node: OfferNode) -> Iterator[tuple[str, str]]:
    """One way."""
    yield "/next", node.next


KIND = Kind(
    decide,
    {
        "offer_done": Words("已发放活动优惠", "was given the campaign's offer"),
        "offer_control": Words(
            "在对照组中，不发放优惠", "in the control group, so nothing is given"
        ),
    },
    leads,
    acts=True,
)

"""Here it ends."""

from collections.abc import Iterator

from campaign_service.journeys.domain import Go, Kind, Run, Surroundings, Words
from contracts.campaign.journey_nodes import EndNode


def decide(_node: EndNode, run: Run, _around: Surroundings) -> Go:
    """At once."""
    return Go(None, run.at, "end")


def leads(_node: EndNode) -> Iterator[tuple[str, str]]:
    """Nowhere."""
    return iter(())


KIND = Kind(decide, {"end": Words("走到旅程终点", "came to the end of the journey")}, leads)

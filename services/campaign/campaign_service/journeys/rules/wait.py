"""Stays for a while, then until an hour of the day."""

from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo

from campaign_service.journeys.domain import Go, Kind, Outcome, Run, Stay, Surroundings, Words
from contracts.campaign.journey_nodes import WaitNode


def over(node: WaitNode, since: datetime, zone: tzinfo) -> datetime:
    """When the wait of who came at `since` is over."""
    moment = since
    if node.span is not None:
        moment += timedelta(minutes=node.span.total_minutes)
    if node.until is None:
        return moment
    local = moment.astimezone(zone)
    wanted = datetime.combine(local.date(), node.until, zone)
    if wanted < local:
        wanted = datetime.combine(local.date() + timedelta(days=1), node.until, zone)
    return wanted.astimezone(since.tzinfo)


def decide(node: WaitNode, run: Run, around: Surroundings) -> Outcome:
    """On as soon as it is over, as of that moment."""
    due = over(node, run.at, around.zone)
    if due > around.now:
        return Stay(due)
    local = due.astimezone(around.zone)
    return Go(node.next, due, "waited", {"until": local.strftime("%Y-%m-%d %H:%M")})


def leads(node: WaitNode) -> Iterator[tuple[str, str]]:
    """One way."""
    yield "/next", node.next


KIND = Kind(decide, {"waited": Words("等待到{until}", "waited until {until}")}, leads, waits=True)

"""Stays until an event, or until it has waited long enough."""

from collections.abc import Iterator
from datetime import timedelta

from campaign_service.journeys.domain import (
    Go,
    Kind,
    Outcome,
    Run,
    Stay,
    Surroundings,
    Words,
    first_heard,
)
from contracts.campaign.journey_nodes import WaitForNode


def decide(node: WaitForNode, run: Run, around: Surroundings) -> Outcome:
    """The earliest event after the run came here, the one that led here left out; what happens
    after the time is too late, even if nobody has looked at the clock yet."""
    due = run.at + timedelta(minutes=node.within.total_minutes)
    heard = first_heard(node.events, around.signals, after=(run.at, run.mark), until=due)
    if heard is not None:
        signal, awaited = heard
        moment, mark = signal.place
        return Go(awaited.next, moment, "heard", {"event": signal.name}, mark)
    if due > around.now:
        return Stay(due)
    local = due.astimezone(around.zone)
    return Go(node.timeout, due, "timed_out", {"until": local.strftime("%Y-%m-%d %H:%M")})


def leads(node: WaitForNode) -> Iterator[tuple[str, str]]:
    """One way an event, one for none."""
    for n, each in enumerate(node.events):
        yield f"/events/{n}/next", each.next
    yield "/timeout", node.timeout


KIND = Kind(
    decide,
    {
        "heard": Words("等到了事件{event}", "{event} happened, which was waited for"),
        "timed_out": Words(
            "到{until}仍未等到事件", "nothing that was waited for happened until {until}"
        ),
    },
    leads,
    waits=True,
)

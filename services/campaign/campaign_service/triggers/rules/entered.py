"""Entered: members come into a segment. Into the audience: see decisions."""

from collections.abc import Iterable

from campaign_service.triggers.domain import Fired, Midnight, Rule, at
from contracts.campaign.triggers import EnteredTrigger
from contracts.segments import SegmentEntered


def match(trigger: EnteredTrigger, event: SegmentEntered, _: Midnight) -> Iterable[Fired]:
    """All who came in together."""
    if trigger.segment == event.segment_id:
        yield from (at(member, event.entered_at) for member in event.members)


RULE = Rule("entered", SegmentEntered, match)

"""Left: members go out of a segment."""

from collections.abc import Iterable

from campaign_service.triggers.domain import Fired, Midnight, Rule, at
from contracts.campaign.triggers import LeftTrigger
from contracts.segments import SegmentLeft


def match(trigger: LeftTrigger, event: SegmentLeft, _: Midnight) -> Iterable[Fired]:
    """All who went out together."""
    if trigger.segment == event.segment_id:
        yield from (at(member, event.left_at) for member in event.members)


RULE = Rule("left", SegmentLeft, match)

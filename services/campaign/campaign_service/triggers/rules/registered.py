"""Registered: a new member."""

from collections.abc import Iterable

from campaign_service.triggers.domain import Fired, Midnight, Rule, at
from contracts.campaign.triggers import RegisteredTrigger
from contracts.events import MemberRegistered


def match(trigger: RegisteredTrigger, event: MemberRegistered, _: Midnight) -> Iterable[Fired]:
    """Through one of the channels."""
    if not trigger.channels or event.channel in trigger.channels:
        yield at(event.member_id, event.registered_at)


RULE = Rule("registered", MemberRegistered, match)

"""Referred: a friend brought along has bought for the first time."""

from collections.abc import Iterable

from campaign_service.triggers.domain import Fired, Midnight, Rule, at
from contracts.campaign.triggers import ReferredTrigger
from contracts.points_events import ReferralRewarded


def match(trigger: ReferredTrigger, event: ReferralRewarded, _: Midnight) -> Iterable[Fired]:
    """The one who brought, or the friend."""
    referrer = trigger.person == "referrer"
    yield at(event.referrer_id if referrer else event.referred_id, event.rewarded_at)


RULE = Rule("referred", ReferralRewarded, match)

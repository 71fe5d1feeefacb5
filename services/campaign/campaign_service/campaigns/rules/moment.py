"""Moment: what somebody is doing right now, by a trigger."""

from campaign_service.campaigns.rules.playbook import Playbook

PLAYBOOK = Playbook(
    channels=("sms",),
    audience={},
    text_zh="{name}，此刻专享{discount}券{code}，{days}天内有效。拒收请回复R",
    text_en="{name}, just for now: {discount} with code {code} within {days} days."
    " Reply R to opt out",
)

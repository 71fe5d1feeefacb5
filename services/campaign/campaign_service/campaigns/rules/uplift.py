"""Uplift: a good customer is shown more. Tiers by themselves, or a segment of those who spend."""

from campaign_service.campaigns.rules.playbook import Playbook

PLAYBOOK = Playbook(
    channels=("sms",),
    audience={"tiers": ["gold"]},
    text_zh="{name}，感谢一路相伴！专享好物{discount}券{code}，{days}天内有效。拒收请回复R",
    text_en="{name}, thank you! {discount} selected goods with code {code} within {days} days."
    " Reply R to opt out",
)

"""Repurchase: who has not bought for a while gets a percent coupon by SMS."""

from campaign_service.campaigns.rules.playbook import Playbook

PLAYBOOK = Playbook(
    channels=("sms",),
    audience={"days_without_purchase": 30},
    text_zh="{name}，好久不见！送您{discount}券{code}，{days}天内全渠道可用，期待再次光临。拒收请回复R",
    text_en="{name}, we miss you! {discount} with code {code}, in any channel, within {days} days."
    " Reply R to opt out",
)

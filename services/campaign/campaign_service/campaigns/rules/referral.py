"""Referral: who brought a friend that has bought."""

from campaign_service.campaigns.rules.playbook import Playbook

PLAYBOOK = Playbook(
    channels=("sms",),
    audience={},
    text_zh="{name}，感谢推荐好友！送您{discount}券{code}，{days}天内有效。拒收请回复R",
    text_en="{name}, thanks for bringing a friend! {discount} with code {code} within {days} days."
    " Reply R to opt out",
)

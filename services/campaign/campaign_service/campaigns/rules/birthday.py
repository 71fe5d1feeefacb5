"""Birthday: a greeting, and something with it."""

from campaign_service.campaigns.rules.playbook import Playbook

PLAYBOOK = Playbook(
    channels=("sms",),
    audience={},
    text_zh="{name}，生日快乐！送您{discount}券{code}，{days}天内有效。拒收请回复R",
    text_en="{name}, happy birthday! {discount} with code {code} within {days} days."
    " Reply R to opt out",
)

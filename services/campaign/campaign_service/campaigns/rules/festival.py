"""Festival: everybody, once."""

from campaign_service.campaigns.rules.playbook import Playbook

PLAYBOOK = Playbook(
    channels=("sms",),
    audience={},
    text_zh="{name}，佳节快乐！送您{discount}券{code}，{days}天内全场可用。拒收请回复R",
    text_en="{name}, happy holidays! {discount} everything with code {code} within {days} days."
    " Reply R to opt out",
)

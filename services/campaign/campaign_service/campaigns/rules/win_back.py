"""Win-back: who is about to leave, by a segment over the risk of it."""

from campaign_service.campaigns.rules.playbook import Playbook

PLAYBOOK = Playbook(
    channels=("sms",),
    audience=None,
    text_zh="{name}，我们想念您！回来看看，{discount}券{code}，{days}天内有效。拒收请回复R",
    text_en="{name}, please come back! {discount} with code {code} within {days} days."
    " Reply R to opt out",
)

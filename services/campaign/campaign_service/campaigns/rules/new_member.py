"""New member: who joined and has not bought gets a coupon for the first order."""

from campaign_service.campaigns.rules.playbook import Playbook

PLAYBOOK = Playbook(
    channels=("sms",),
    audience={"never_bought_days": 3},
    text_zh="{name}，欢迎加入！首单{discount}券{code}，{days}天内有效，期待您的光临。拒收请回复R",
    text_en="{name}, welcome! {discount} your first order with code {code} within {days} days."
    " Reply R to opt out",
)

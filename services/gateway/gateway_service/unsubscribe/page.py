"""What the page says, in Chinese and English."""

from dataclasses import dataclass
from enum import StrEnum
from html import escape

from gateway_service.pages import document


class Step(StrEnum):
    """Where somebody is who followed a link."""

    ASK = "ask"
    DONE = "done"
    UNKNOWN = "unknown"
    TOO_OFTEN = "too_often"


STATUS = {Step.ASK: 200, Step.DONE: 200, Step.UNKNOWN: 404, Step.TOO_OFTEN: 429}


@dataclass(frozen=True, slots=True)
class Show:
    """A page. `language` is empty where no member is known: then the browser's."""

    step: Step
    language: str = ""
    channel: str = ""


_CHANNELS = {
    "sms": ("短信", "SMS"), "wechat": ("微信公众号", "WeChat"),
    "miniprogram": ("小程序消息", "mini-program messages"), "push": ("应用推送", "app push"),
    "email": ("电子邮件", "e-mail"), "call": ("电话", "telephone"),
}  # fmt: skip
_WORDS: dict[str, dict[Step, tuple[str, str]]] = {
    "zh": {
        Step.ASK: ("退订营销信息",
                   "按下按钮后，我们不再通过{channel}向您发送营销信息。订单与积分通知、会员权益"
                   "均不受影响；您可以随时在会员页面重新同意。"),
        Step.DONE: ("已退订",
                    "我们不再通过{channel}向您发送营销信息。您的积分与会员权益不变，"
                    "可以随时在会员页面重新同意。"),
        Step.UNKNOWN: ("链接无效",
                       "这个链接无效或已过期。请使用最近一条信息中的链接，或在会员页面的"
                       "“同意管理”中撤回，也可以联系服务台。"),
        Step.TOO_OFTEN: ("请稍后再试", "无效链接尝试次数过多，请稍后再试。"),
    },
    "en": {
        Step.ASK: ("Unsubscribe",
                   "Press the button and we send you no more marketing by {channel}. Messages about"
                   " your orders and points, and your benefits, stay as they are; you can agree"
                   " again on the member pages at any time."),
        Step.DONE: ("Unsubscribed",
                    "We send you no more marketing by {channel}. Your points and benefits stay as"
                    " they are; you can agree again on the member pages at any time."),
        Step.UNKNOWN: ("This link is not valid",
                       "This link is not valid, or too old. Use the one in our latest message,"
                       " withdraw under “Consents” on the member pages, or ask the service desk."),
        Step.TOO_OFTEN: ("Try again later", "Too many links that are not valid. Try again later."),
    },
}  # fmt: skip
_BUTTON = {"zh": "退订", "en": "Unsubscribe"}


def page(show: Show, lang: str) -> str:
    """A whole document; the form is sent to where it came from."""
    title, text = _WORDS[lang][show.step]
    channel = _CHANNELS.get(show.channel, ("", ""))[lang == "en"]
    main = f"<p>{escape(text.format(channel=channel))}</p>"
    if show.step is Step.ASK:
        main += f'<form method="post"><button>{_BUTTON[lang]}</button></form>'
    return document(lang, title, main)

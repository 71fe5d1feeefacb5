"""An entry of the timeline as a sentence, in Chinese and in English. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from profile_service.timeline.domain import Entry

Pair = tuple[str, str]
Words = Mapping[str, Pair]

TIERS: Words = {
    "regular": ("普通会员", "regular"), "silver": ("银卡", "silver"), "gold": ("金卡", "gold"),
    "diamond": ("钻石卡", "diamond"), "bronze": ("铜卡", "bronze"),
    "platinum": ("白金卡", "platinum"),
}  # fmt: skip
CHANNELS: Words = {
    "pos": ("门店", "the store"), "miniprogram": ("小程序", "the mini-program"),
    "ecommerce": ("网店", "the web shop"), "app": ("App", "the app"),
    "web": ("网站", "the web site"),
    "wechat": ("公众号", "WeChat"), "sms": ("短信", "SMS"), "push": ("推送", "push"),
    "email": ("邮件", "e-mail"), "call": ("电话", "a call"), "douyin": ("抖音", "Douyin"),
}  # fmt: skip
PURPOSES: Words = {
    "membership": ("会员服务", "membership"),
    "personalised_recommendation": ("个性化推荐", "personal recommendations"),
    "marketing": ("营销信息", "marketing messages"),
    "sensitive": ("敏感信息处理", "sensitive data"),
    "third_party_sharing": ("向第三方提供", "sharing with others"),
    "guardian": ("监护人同意", "a guardian's consent"),
}  # fmt: skip
ACTS: Words = {
    "campaign": ("会员活动", "a campaign"),
    "check_in": ("签到", "checking in"), "share": ("分享", "sharing"),
    "referral": ("推荐好友", "a referral"), "questionnaire": ("填写问卷", "a questionnaire"),
    "task": ("完成任务", "a task"), "streak": ("连续签到", "a streak"),
    "recycling": ("环保回收", "recycling"), "douyin": ("抖音互动", "a Douyin activity"),
}  # fmt: skip
EVENTS: Words = {
    "Product Viewed": ("浏览了{goods}", "Looked at {goods}"),
    "Product Clicked": ("点开了{goods}", "Opened {goods}"),
    "Product Added": ("把{goods}加入购物车", "Put {goods} into the cart"),
    "Product Removed": ("把{goods}移出购物车", "Took {goods} out of the cart"),
    "Product Added to Wishlist": ("收藏了{goods}", "Put {goods} on the wish list"),
    "Product Shared": ("分享了{goods}", "Shared {goods}"),
    "Product Reviewed": ("评价了{goods}", "Reviewed {goods}"),
    "Products Searched": ("搜索了商品", "Searched for goods"),
    "Cart Viewed": ("查看了购物车", "Looked at the cart"),
    "Cart Shared": ("分享了购物车", "Shared the cart"),
    "Checkout Started": ("开始结算", "Began to check out"),
    "Order Completed": ("完成下单", "Completed an order"),
    "Store Entered": ("到店", "Came into a store"),
    "Store Visited": ("到店", "Came into a store"),
    "Zone Dwelled": ("在专区停留", "Stayed in a zone"),
    "Checked In": ("签到", "Checked in"),
    "Invitation Sent": ("邀请了好友", "Invited somebody"),
    "Activity Joined": ("参加了活动", "Joined an activity"),
    "Complaint Filed": ("提交了投诉", "Complained"),
}  # fmt: skip
PHRASES: Mapping[tuple[str, str], Pair] = {
    ("purchase", "Order"): ("在{store}购买{lines}种商品，实付{yuan}元",
                            "Bought {items} at {store} for {yuan} yuan"),
    ("refund", "Refund"): ("退款{yuan}元", "{yuan} yuan given back"),
    ("points", "earned"): ("获得{points}积分", "Earned {points} points"),
    ("points", "reversed"): ("因退货收回{points}积分", "{points} points taken back with a return"),
    ("points", "burnt"): ("使用{points}积分", "Spent {points} points"),
    ("points", "expired"): ("{points}积分到期", "{points} points expired"),
    ("points", "given"): ("转赠{points}积分", "Gave {points} points away"),
    ("points", "received"): ("收到转赠{points}积分", "Was given {points} points"),
    ("growth", "badge"): ("获得勋章：{badge}", "Earned a badge: {badge}"),
    ("growth", "referral"): ("推荐的好友完成首单", "A friend brought along has bought"),
    ("growth", "referred"): ("受好友推荐完成首单", "Brought by a friend, and bought"),
    ("coupon", "issued"): ("收到优惠券{off}", "Got a coupon{off}"),
    ("coupon", "used"): ("使用优惠券", "Used a coupon"),
    ("coupon", "restored"): ("优惠券退回，可再次使用", "A coupon is good again"),
    ("coupon", "lapsed"): ("退回的优惠券已过期", "A coupon given back was past its date"),
    ("message", "sent"): ("收到{channel}消息", "Was sent a message by {channel}"),
    ("identity", "merged"): ("与另一会员号合并", "Merged with another member id"),
    ("identity", "split"): ("撤销{merged_on}的合并", "The merge of {merged_on} was taken back"),
    ("consent", "granted"): ("同意{purpose}", "Agreed to {purpose}"),
    ("consent", "refused"): ("不同意{purpose}", "Said no to {purpose}"),
    ("benefit", "applied"): ("申请权益", "Applied for a benefit"),
    ("benefit", "accepted"): ("权益申请已受理", "An application for a benefit was accepted"),
    ("benefit", "fulfilled"): ("权益已兑现", "A benefit was given"),
    ("benefit", "refused"): ("权益申请未通过", "An application for a benefit was refused"),
    ("benefit", "overdue"): ("权益申请超时", "An application for a benefit is overdue"),
}  # fmt: skip
_OTHERS: Mapping[str, Pair] = {
    "activity": ("{name}", "{name}"),
    "growth": ("{act}，成长值{growth}", "{growth} growth for {act}"),
    "tier": ("等级由{previous}变为{tier}", "Tier changed from {previous} to {tier}"),
}


def sentences(entry: Entry) -> Pair:
    """What happened, in Chinese and in English."""
    if entry.kind == "activity" and entry.name in EVENTS:
        templates = EVENTS[entry.name]
    else:
        key = entry.kind, entry.name
        templates = PHRASES.get(key) or _OTHERS.get(entry.kind, ("{name}", "{name}"))
    zh, en = (template.format_map(_Said(entry, place)) for place, template in enumerate(templates))
    return zh, en[:1].upper() + en[1:]


class _Said(dict[str, str]):
    """Words of an entry, made when a template asks for them."""

    def __init__(self, entry: Entry, language: int) -> None:
        super().__init__()
        self._entry, self._language = entry, language

    def __missing__(self, name: str) -> str:
        said = _SAID[name](self._entry)
        return said if isinstance(said, str) else said[self._language]


def _named(words: Words, name: Any) -> str | Pair:
    return words.get(name, str(name or ""))


def _store(entry: Entry) -> str | Pair:
    if entry.store:
        return entry.store
    return CHANNELS.get(entry.channel or "", ("门店", "a store"))


def _off(entry: Entry) -> Pair:
    percent = entry.facts.get("percent_off")
    return (f"（减{percent}%）", f" of {percent} %") if percent else ("", "")


def _purpose(entry: Entry) -> Pair:
    zh, en = PURPOSES.get(entry.facts["purpose"], (entry.facts["purpose"],) * 2)
    channel = CHANNELS.get(entry.channel or "")
    return (f"{zh}（{channel[0]}）", f"{en} by {channel[1]}") if channel else (zh, en)


def _day(entry: Entry) -> str:
    return datetime.fromisoformat(entry.facts["merged_at"]).date().isoformat()


_SAID: Mapping[str, Callable[[Entry], str | Pair]] = {
    "name": lambda entry: entry.name,
    "goods": lambda entry: entry.goods or entry.sku or ("商品", "a product"),
    "store": _store,
    "lines": lambda entry: str(entry.lines),
    "items": lambda entry: ("", "1 item" if entry.lines == 1 else f"{entry.lines} items"),
    "yuan": lambda entry: f"{(entry.fen or 0) / 100:.2f}",
    "points": lambda entry: str(abs(entry.points or 0)),
    "badge": lambda entry: str(entry.facts["badge"]),
    "act": lambda entry: _named(ACTS, entry.facts["act"]),
    "growth": lambda entry: f"{entry.facts['growth']:+d}",
    "previous": lambda entry: _named(TIERS, entry.facts["previous"]),
    "tier": lambda entry: _named(TIERS, entry.name),
    "off": _off,
    "channel": lambda entry: CHANNELS.get(entry.channel or "", ("", "the platform")),
    "purpose": _purpose,
    "merged_on": _day,
}

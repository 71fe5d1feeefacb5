"""The campaigns of the year: what is planned, when, for whom, and what is planted behind it.

Each is planned by the planner, approved by another person, launched on the eve of its first day,
finished after its last one. On replayed households each is a placebo, whatever it says: nobody
there can respond. On generated shoppers, too, unless its text has a phrase of `plant.PLANTED`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from allinone.demo.dataset import FIRST_DAY, LAST_DAY

COUPON_DAYS = 14
SHOPPERS = "体验顾客 generated shoppers"
GOLD = "金卡且近三十天满300元 gold, 300 yuan in thirty days"
BUDGET = {"amount": 100_000, "currency": "CNY"}
WORST = {"amount": 20_000_000, "currency": "CNY"}  # where every coupon may cost its full amount
NO_ARM = "none"  # as reports call it
MEASURED = 350  # members after whom the experiment ends
ZONE, DWELL_ON = "母婴", date(2017, 2, 3)

DEFINITIONS: dict[str, dict[str, Any] | None] = {  # None: a list by hand
    SHOPPERS: None,
    GOLD: {
        "all": [
            {"tier": ["gold", "diamond"]},
            {"event": "Order", "days": 30, "sum": {"of": "paid_fen", "at_least": 30_000}},
        ]
    },
}


@dataclass(frozen=True, slots=True)
class Arm:
    """Something that is tried in a campaign; without `text` it is the plan's own."""

    name: str
    text: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A campaign: members are picked from `starts` to `ends`, both included.

    `inside`, `outside`: segments by name. `plan`: everything else that its plan says. `arms`: of an
    experiment in it, the first one being what the others are compared with.
    """

    name: str
    starts: date
    ends: date
    plan: Mapping[str, Any]
    inside: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    audience: Mapping[str, Any] = field(default_factory=dict)
    arms: tuple[Arm, ...] = ()

    @property
    def launched_on(self) -> date:
        """The eve of its first day, for members are picked at midnight."""
        return max(self.starts - timedelta(1), FIRST_DAY)

    @property
    def texts(self) -> dict[str, str]:
        """Its texts, by which shoppers know it, by arm; `NO_ARM` where nothing is tried."""
        own: Mapping[str, str] = self.plan["template"]
        return {arm.name: (arm.text or own)["zh"] for arm in self.arms} or {NO_ARM: own["zh"]}

    def experiment(self, campaign_id: str) -> dict[str, Any]:
        """The request of the experiment in it."""
        arms = [
            {"name": arm.name} | ({"texts": dict(arm.text)} if arm.text else {})
            for arm in self.arms
        ]
        return {
            "name": self.name, "campaign_id": campaign_id, "arms": arms,
            "planned_members": MEASURED, "looks": 1,
        }  # fmt: skip

    def body(self, segments: Mapping[str, str]) -> dict[str, Any]:
        """The request; `segments` are ids by name."""
        audience = dict(self.audience)
        if self.inside:
            audience["segments"] = [segments[name] for name in self.inside]
        if self.outside:
            audience["not_in"] = [segments[name] for name in self.outside]
        schedule = {"starts_on": self.starts.isoformat(), "ends_on": self.ends.isoformat()}
        return {
            "name": self.name, **self.plan, "audience": audience, "schedule": schedule,
        }  # fmt: skip


def _text(zh: str, en: str) -> dict[str, str]:
    return {
        "zh": f"{{name}}，{zh}{{discount}}券，券码{{code}}，{{days}}天内有效。拒收请回复R",
        "en": f"{{name}}, {en} {{discount}} with code {{code}} within {{days}} days."
        " Reply R to opt out",
    }


def _percent(percent_off: int, days: int = COUPON_DAYS) -> dict[str, Any]:
    return {"kind": "percent", "percent_off": percent_off, "valid_days": days}


def _cash(off_yuan: int, threshold_yuan: int | None = None) -> dict[str, Any]:
    offer: dict[str, Any] = {"kind": "cash_off", "valid_days": COUPON_DAYS}
    offer["off"] = {"amount": off_yuan * 100, "currency": "CNY"}
    if threshold_yuan:
        offer["threshold"] = {"amount": threshold_yuan * 100, "currency": "CNY"}
    return offer


def _plan(
    scenario: str, offer: dict[str, Any], control: float, zh: str, en: str, **more: Any
) -> dict[str, Any]:
    return {
        "scenario": scenario, "offer": offer, "control_share": control, "template": _text(zh, en),
        "channels": ["sms"],
        "budget": WORST if offer["kind"] == "cash_off" else BUDGET, **more,
    }  # fmt: skip


REPURCHASE = Listed(
    "三十天未购唤回", FIRST_DAY, LAST_DAY, outside=(SHOPPERS,),
    audience={"days_without_purchase": 30},
    plan=_plan("repurchase", _percent(20), 0.1, "好久不见！送您", "we miss you!"),
)  # fmt: skip
NEW_MEMBER = Listed(
    "新会员首单礼", date(2017, 1, 5), date(2017, 1, 12), inside=(SHOPPERS,),
    audience={"never_bought_days": 3},
    plan=_plan("new_member", _cash(5), 0.3, "欢迎加入！首单送您", "welcome!"),
)  # fmt: skip
PLANTED = Listed(
    "新春好礼", date(2017, 1, 20), date(2017, 1, 20), inside=(SHOPPERS,),
    plan=_plan("festival", _percent(20), 0.34, "新春快乐！送您", "happy new year!"),
    arms=(Arm("a"), Arm("b", _text("专属好礼送到！", "a gift for you!"))),
)  # fmt: skip
DWELL = Listed(
    "母婴区驻足", DWELL_ON, DWELL_ON, inside=(SHOPPERS,),
    plan=_plan(
        "moment", _percent(10), 0.5, "母婴专享！", "for mother and child!",
        trigger={"kind": "zone_dwell", "zones": [ZONE], "minutes": 10},
    ),
)  # fmt: skip
PLACEBO = Listed(
    "春日问候（安慰剂）", date(2017, 3, 10), date(2017, 3, 10), inside=(SHOPPERS,),
    plan=_plan("festival", _percent(10), 0.5, "春日好！送您", "greetings in spring!"),
)  # fmt: skip
BIRTHDAY = Listed(
    "生日祝福", date(2017, 4, 1), date(2017, 6, 30), outside=(SHOPPERS,),
    plan=_plan(
        "birthday", _percent(20, 7), 0.2, "生日快乐！送您", "happy birthday!",
        trigger={"kind": "birthday"},
    ),
)  # fmt: skip
REFERRAL = Listed(
    "老友推荐礼", date(2017, 3, 1), date(2017, 12, 31), outside=(SHOPPERS,),
    plan=_plan(
        "referral", _cash(10), 0.2, "感谢推荐！送您", "thanks for bringing a friend!",
        trigger={"kind": "referred"},
    ),
)  # fmt: skip
UPLIFT = Listed(
    "金卡臻享", date(2017, 7, 3), date(2017, 7, 16), inside=(GOLD,), outside=(SHOPPERS,),
    plan=_plan("uplift", _percent(15), 0.3, "金卡臻享！送您", "for our best customers!"),
)  # fmt: skip
FESTIVAL = Listed(
    "中秋团圆", date(2017, 9, 26), date(2017, 9, 28), outside=(SHOPPERS,),
    plan=_plan(
        "festival", _cash(30, 100), 0.2, "中秋快乐！送您", "happy Mid-Autumn!",
        trigger={"kind": "festival", "festival": "mid_autumn", "days_before": 7},
    ),
)  # fmt: skip
WIN_BACK = Listed(
    "流失挽回", date(2017, 10, 1), date(2017, 12, 15), outside=(SHOPPERS,),
    plan=_plan(
        "win_back", _cash(50, 200), 0.3, "我们想念您！送您", "please come back!",
        trigger={"kind": "churn_risk", "at_least": 0.8},
    ),
)  # fmt: skip
YEAR = (
    REPURCHASE, NEW_MEMBER, PLANTED, DWELL, REFERRAL, PLACEBO, BIRTHDAY, UPLIFT, FESTIVAL, WIN_BACK,
)  # fmt: skip

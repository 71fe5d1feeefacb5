"""The campaigns of the year: what is planned, when, for whom, and what is planted behind it.

Each is planned by the planner, approved by another person, launched on the eve of its first day and
finished after its last one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from allinone.demo.dataset import FIRST_DAY, LAST_DAY

COUPON_DAYS = 14
SHOPPERS = "体验顾客 generated shoppers"
BUDGET = {"amount": 100_000, "currency": "CNY"}


@dataclass(frozen=True, slots=True)
class Listed:
    """A campaign: members are picked from `starts` to `ends`, both included.

    `inside`, `outside`: segments by name. `plan`: everything else that its plan says.
    """

    name: str
    starts: date
    ends: date
    plan: Mapping[str, Any]
    inside: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    audience: Mapping[str, Any] = field(default_factory=dict)

    @property
    def launched_on(self) -> date:
        """The eve of its first day, for members are picked at midnight."""
        return max(self.starts - timedelta(1), FIRST_DAY)

    def body(self, segments: Mapping[str, str]) -> dict[str, Any]:
        """The request; `segments` are ids by name."""
        audience = dict(self.audience)
        if self.inside:
            audience["segments"] = [segments[name] for name in self.inside]
        if self.outside:
            audience["not_in"] = [segments[name] for name in self.outside]
        schedule = {"starts_on": self.starts.isoformat(), "ends_on": self.ends.isoformat()}
        return {
            "name": self.name, "budget": BUDGET, **self.plan, "audience": audience,
            "schedule": schedule,
        }  # fmt: skip


def _text(zh: str, en: str) -> dict[str, str]:
    return {
        "zh": f"{{name}}，{zh}{{discount}}券，券码{{code}}，{{days}}天内有效。拒收请回复R",
        "en": f"{{name}}, {en} {{discount}} with code {{code}} within {{days}} days."
        " Reply R to opt out",
    }


REPURCHASE = Listed(
    "三十天未购唤回", FIRST_DAY, LAST_DAY, outside=(SHOPPERS,),
    audience={"days_without_purchase": 30},
    plan={
        "scenario": "repurchase",
        "offer": {"percent_off": 20, "valid_days": COUPON_DAYS},
        "control_share": 0.1,
        "template": _text("好久不见！送您", "we miss you!"),
    },
)  # fmt: skip
PLANTED = Listed(
    "新春专属好礼", date(2017, 1, 20), date(2017, 1, 20), inside=(SHOPPERS,),
    plan={
        "scenario": "festival",
        "offer": {"percent_off": 20, "valid_days": COUPON_DAYS},
        "control_share": 0.5,
        "template": _text("专属好礼送到！", "a gift for you!"),
    },
)  # fmt: skip
PLACEBO = Listed(
    "春日问候（安慰剂）", date(2017, 3, 10), date(2017, 3, 10), inside=(SHOPPERS,),
    plan={
        "scenario": "festival",
        "offer": {"percent_off": 10, "valid_days": COUPON_DAYS},
        "control_share": 0.5,
        "template": _text("春日好！送您", "greetings in spring!"),
    },
)  # fmt: skip
YEAR = (REPURCHASE, PLANTED, PLACEBO)

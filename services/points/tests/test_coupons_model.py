"""Any sequence of issuing, using, rolling back and time passing, beside a model in plain Python."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

import pytest
from services.points.tests.conftest import NOON, Shop
from services.points.tests.coupons import (
    MERCHANTS,
    balance,
    check,
    give,
    give_back,
    members,
    percent,
    redeem,
    template,
    terms,
)

from chassis.clock import local_date, midnight
from points_service.coupons.jobs import close_due

STEPS, BUDGET = 120, 2_600


@dataclass
class Known:
    """What the model remembers of a coupon."""

    ends: datetime
    order_no: str | None = None
    off: int = 0
    back: str | None = None
    dead: bool = False  # closed: what it reserved is given back


@dataclass
class Model:
    """A template with a budget: `reserve` fen a coupon, or 0 where use is checked."""

    reserve: int
    coupons: dict[str, Known] = field(default_factory=dict)

    @property
    def promised(self) -> int:
        """What the budget has promised or paid."""
        return sum(
            self.reserve if self.reserve and not each.dead else each.off
            for each in self.coupons.values()
        )

    def issue(self) -> str:
        """What issuing one more answers."""
        return "200" if self.promised + self.reserve <= BUDGET else "budget_exhausted"

    def redeem(self, code: str, order_no: str, off: int, now: datetime) -> str:
        """What using a coupon answers; does it."""
        coupon = self.coupons[code]
        if coupon.order_no is not None:
            return "200" if coupon.order_no == order_no else "coupon_redeemed"
        if now >= coupon.ends:
            return "coupon_not_valid"
        if not self.reserve and self.promised + off > BUDGET:
            return "budget_exhausted"
        coupon.order_no, coupon.off = order_no, off
        return "200"

    def give_back(self, code: str, order_no: str, now: datetime) -> str:
        """What rolling back answers; does it."""
        coupon = self.coupons[code]
        if coupon.order_no == order_no:
            coupon.order_no, coupon.off, coupon.back = None, 0, order_no
            coupon.dead = coupon.dead or now >= coupon.ends
            return "200"
        return "200" if coupon.back == order_no else "not_redeemed"

    def close(self, day: datetime) -> None:
        """A midnight passes."""
        for coupon in self.coupons.values():
            coupon.dead = coupon.dead or (coupon.order_no is None and coupon.ends <= day)


@pytest.mark.parametrize("seed", range(4))
async def test_it_does_what_the_model_does(shop: Shop, seed: int) -> None:
    draw = Random(seed)
    (member,) = await members(shop, 1)
    reserves = bool(seed % 2)
    body = terms if reserves else (lambda **other: percent(20, **other))
    limits = {"budget": {"amount": BUDGET}, "cost_shares": MERCHANTS, "valid_days": 3}
    template_id = await template(shop, **body(**limits))
    model, now = Model(500 if reserves else 0), NOON
    for step in range(STEPS):
        kind = draw.choice(["issue", "redeem", "redeem", "redeem", "back", "back", "day"])
        if kind == "issue" or not model.coupons:
            expected, answer = model.issue(), await give(shop, template_id, member)
            if answer.status_code == 200:
                made = answer.json()["coupons"][0]["code"]
                model.coupons[made] = Known(now + timedelta(days=3))
        elif kind == "day":
            now += timedelta(hours=draw.choice([5, 24]))
            shop.move(now)
            day = midnight(local_date(now))
            await close_due(shop.running.db, day)
            model.close(day)
            continue
        else:
            code, order_no = draw.choice(list(model.coupons)), f"o{draw.randrange(3)}"
            goods = draw.choice([200, 1_500, 2_500])
            if kind == "redeem":
                off = min(500, goods) if reserves else goods // 5
                expected = model.redeem(code, order_no, off, now)
                answer = await redeem(shop, code, member, order_no, order_amount=goods)
            else:
                expected = model.give_back(code, order_no, now)
                answer = await give_back(shop, code, order_no)
        found = "200" if answer.status_code == 200 else answer.json()["code"]
        assert found == expected, (step, kind)
    shown = await shop.get(f"/v1/coupon-templates/{template_id}")
    assert shown["committed"]["amount"] == model.promised
    used = sum(each.off for each in model.coupons.values())
    assert await balance(shop, "budget", template_id) == BUDGET - used
    await check(shop)

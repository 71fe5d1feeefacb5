"""Issuing: within limits, the same grant once."""

from uuid import UUID, uuid4

import pytest
from services.points.tests.conftest import Shop

from chassis.problem import Problem
from points_service.coupons.issuing import Grant
from points_service.coupons.use_cases import issue

FIRST_ORDER = UUID("00000000-0000-5000-8000-000000000101")
BIRTHDAY = UUID("00000000-0000-5000-8000-000000000005")


async def test_a_grant_told_again_is_the_same_coupon(shop: Shop) -> None:
    one, other = uuid4(), uuid4()
    for member in (one, other):
        await shop.buy(member, 1)
    grants = [Grant(one, f"x/{one}"), Grant(other, f"x/{other}")]
    async with shop.running.db.transaction() as tx:
        first = await issue(tx, BIRTHDAY, grants)
    async with shop.running.db.transaction() as tx:
        assert await issue(tx, BIRTHDAY, grants) == first
    assert [coupon.member_id for coupon in first] == [one, other]
    [told] = await shop.events("points.coupons_issued.v1")
    assert [row[2] for row in told["coupons"]] == [str(one), str(other)]
    answer = await shop.buy(one, 12, paid={"amount": 700}, coupons=[first[0].code])
    assert answer["coupons_used"] == [first[0].code]


async def test_a_member_gets_no_more_than_allowed(shop: Shop, member: UUID) -> None:
    await shop.buy(member, 1)
    async with shop.running.db.transaction() as tx:
        await issue(tx, FIRST_ORDER, [Grant(member, "a")])
    with pytest.raises(Problem, match="member_limit"):
        async with shop.running.db.transaction() as tx:
            await issue(tx, FIRST_ORDER, [Grant(member, "b")])

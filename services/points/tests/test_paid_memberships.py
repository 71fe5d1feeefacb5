"""Paid memberships: no renewal by themselves, notice in time, refunds by the plan's rule."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.points.tests.conftest import NOON, Shop
from services.points.tests.test_merges import merge
from services.points.tests.test_stored_value import kinds, register

from contracts.points.paid_memberships import Plan
from contracts.roles import Role
from points_service.paid_memberships import domain
from testkit import together

PATH = "/v1/memberships/paid"
PLAN = {
    "plan_id": "plus",
    "names": {"zh": "尊享年卡", "en": "Plus"},
    "fee_fen": 19900,
    "benefits": [{"code": "delivery", "names": {"zh": "免费配送", "en": "Free delivery"}}],
    "price_percent": 95,
    "valid_from": "2017-01-01T00:00:00+08:00",
}


async def bought(shop: Shop, member: UUID, **other: Any) -> httpx.Response:
    body = {"member_id": str(member), "plan_id": "plus", "tender": "wechat", **other}
    return await shop.client.post(PATH, json=body)


async def joined(shop: Shop, member: UUID, plan: dict[str, Any] = PLAN, **other: Any) -> str:
    """A new member with a paid membership: its id."""
    await shop.client.put("/v1/membership-plans/plus", json=plan)
    await register(shop, member)
    answer = await bought(shop, member, **other)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["membership_id"])


async def post(shop: Shop, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
    return await shop.client.post(f"{PATH}/{path}", json=body)


async def test_a_year_is_bought_and_ends(shop: Shop, member: UUID) -> None:
    term = await joined(shop, member)
    found = await shop.get(f"{PATH}/{term}")
    assert (found["starts_on"], found["ends_on"], found["notice_on"], found["status"]) == (
        "2017-03-15", "2018-03-15", "2018-03-08", "active",
    )  # fmt: skip
    assert found["auto_renews"] is False
    assert (await bought(shop, member)).json()["code"] == "already_member"
    books = await kinds(shop)
    assert (books["cash"], books["sales"]) == (-19900, 19900)
    shop.move(datetime(2018, 3, 14, 16, 0, tzinfo=UTC))
    assert (await shop.get(f"{PATH}/{term}"))["status"] == "ended"
    assert (await kinds(shop))["sales"] == 19900  # nothing was charged
    assert (await post(shop, f"{term}/cancel")).json()["code"] == "membership_ended"
    await shop.check_books()


async def test_the_end_is_announced_once_and_in_time(shop: Shop, member: UUID) -> None:
    await shop.tick()
    early, renewed, gone = uuid4(), uuid4(), uuid4()
    term = await joined(shop, member)
    asked = await joined(shop, early, remind_days=30)
    follow = await joined(shop, renewed)
    await post(shop, f"{follow}/renewals", {"consent": True, "tender": "cash"})
    await post(shop, f"{await joined(shop, gone)}/cancel")
    for day in (-31, -30, -8, -7, -6, 0, 1):
        shop.move(datetime(2018, 3, 15, tzinfo=UTC) + timedelta(days=day, hours=1))
        await shop.tick()
        await shop.tick()
    shop.move(NOON)
    await shop.tick()
    told = await shop.events("points.renewal_announced.v1")
    assert [(each["membership_id"], each["ends_on"]) for each in told] == [
        (asked, "2018-03-15"), (term, "2018-03-15"),
    ]  # fmt: skip
    when = (await shop.get(f"{PATH}/{term}"))["announced_at"]
    assert when.startswith("2018-03-08")
    tooshort = await shop.client.put("/v1/membership-plans/plus", json=PLAN | {"notice_days": 4})
    assert tooshort.status_code == 422


async def test_another_term_needs_consent(shop: Shop, member: UUID) -> None:
    term = await joined(shop, member)
    for body in ({"tender": "cash"}, {"consent": False, "tender": "cash"}):
        assert (await post(shop, f"{term}/renewals", body)).status_code == 422
    good = {"consent": True, "tender": "cash"}
    await shop.client.put("/v1/membership-plans/plus", json=PLAN | {"fee_fen": 29900})
    answers = await together(post(shop, f"{term}/renewals", good) for _ in range(8))
    [new] = [each.json() for each in answers if each.status_code == 201]
    assert {each.status_code for each in answers} == {201, 409}
    assert (new["starts_on"], new["fee"]["amount"], new["status"]) == ("2018-03-15", 29900, "ahead")
    assert (await shop.get(f"{PATH}/{term}"))["fee"]["amount"] == 19900
    back = (await post(shop, f"{new['membership_id']}/cancel")).json()
    assert (back["refunded"]["amount"], back["status"]) == (29900, "cancelled")
    shop.move(datetime(2018, 6, 1, tzinfo=UTC))
    late = (await post(shop, f"{term}/renewals", good)).json()
    assert late["starts_on"] == "2018-06-01"
    await shop.check_books()


@pytest.mark.parametrize(
    ("days", "used", "then", "refund"),
    [
        (6, False, "unused_months", 19900),
        (6, True, "unused_months", 19900 * 11 // 12),
        (7, False, "unused_months", 19900 * 11 // 12),
        (30, False, "unused_months", 19900 * 11 // 12),
        (31, False, "unused_months", 19900 * 10 // 12),
        (360, False, "unused_months", 0),
        (8, False, "nothing", 0),
    ],
)
async def test_it_can_be_ended_at_any_time(
    shop: Shop, member: UUID, *, days: int, used: bool, then: str, refund: int
) -> None:
    plan = PLAN | {"refund": {"full_days": 7, "then": then}}
    term = await joined(shop, member, plan)
    if used:
        assert (await post(shop, f"{term}/uses", {"benefit": "other"})).status_code == 422
        found = (await post(shop, f"{term}/uses", {"benefit": "delivery"})).json()
        assert found["benefit_used"] is True
    shop.move(NOON + timedelta(days=days))
    first = (await post(shop, f"{term}/cancel")).json()
    assert (first["refunded"]["amount"], first["status"]) == (refund, "cancelled")
    assert (await post(shop, f"{term}/cancel")).json() == first
    assert (await post(shop, f"{term}/uses", {"benefit": "delivery"})).status_code == 409
    assert (await kinds(shop))["sales"] == 19900 - refund
    assert (await bought(shop, member)).status_code == 201
    await shop.check_books()


async def test_members_see_and_end_their_own_also_after_a_merge(shop: Shop, member: UUID) -> None:
    term = await joined(shop, member)
    other, foreign = uuid4(), uuid4()
    await register(shop, other, foreign)
    await merge(shop, (other, member))
    found = await shop.get(f"/v1/members/{other}/paid-memberships")
    assert [each["membership_id"] for each in found["data"]] == [term]
    headers = shop.running.headers(Role.MEMBER, member_id=foreign)
    for call in (
        shop.client.get(f"{PATH}/{term}", headers=headers),
        shop.client.post(f"{PATH}/{term}/cancel", headers=headers),
    ):
        assert (await call).json()["code"] == "foreign_member"
    headers = shop.running.headers(Role.MEMBER, member_id=other)
    done = await shop.client.post(f"{PATH}/{term}/cancel", headers=headers)
    assert done.json()["refunded"]["amount"] == 19900


async def test_what_does_not_exist(shop: Shop, member: UUID) -> None:
    await register(shop, member)
    assert (await bought(shop, member)).json()["code"] == "unknown_plan"
    await shop.client.put(
        "/v1/membership-plans/plus", json=PLAN | {"valid_until": "2017-02-01T00:00:00+08:00"}
    )
    assert (await bought(shop, member)).json()["code"] == "not_on_sale"
    assert (await bought(shop, uuid4())).status_code == 404
    assert (await post(shop, f"{uuid4()}/cancel")).status_code == 404
    assert len((await shop.get("/v1/membership-plans"))["data"]) == 1


@given(
    fee=st.integers(1, 10**9),
    months=st.integers(1, 60),
    days=st.integers(0, 2000),
    full=st.integers(0, 90),
)
def test_a_refund_is_never_more_than_was_paid_and_never_grows(
    fee: int, months: int, days: int, full: int
) -> None:
    rule = {"full_days": full, "then": "unused_months"}
    plan = Plan.model_validate(PLAN | {"fee_fen": fee, "months": months, "refund": rule})
    term = domain.term(
        plan,
        membership_id=uuid4(),
        member_id=uuid4(),
        tender="cash",
        remind_days=None,
        starts_on=NOON.date(),
        now=NOON,
    )
    at = NOON + timedelta(days=days)
    fen = domain.refund_fen(term, at)
    assert 0 <= domain.refund_fen(term, at + timedelta(days=1)) <= fen <= fee
    assert fen == fee or fen * months <= fee * (months - 1)
    assert term.notice_on <= term.ends_on - timedelta(days=5)

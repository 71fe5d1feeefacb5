"""Checkout over TLS: identify → quote → hold → pay → post → return in part → return whole."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.journeys.conftest import Api, phone, registration, unique

pytestmark = pytest.mark.usefixtures("shop")

CART = [
    {"sku": "milk", "quantity": 3, "unit": {"amount": 1333}},
    {"sku": "bread", "quantity": 1, "amount": {"amount": 999}},
]
MINUTE = timedelta(minutes=1)


async def template(api: Api, **terms: Any) -> str:
    """A coupon template of a group of its own."""
    names = {"zh": "券", "en": "coupon"}
    body = {"names": names, "valid_days": 7, "stacking_group": f"g{unique()}", **terms}
    made = await api.ok("POST", "/v1/coupon-templates", body, role="planner")
    return str(made["template_id"])


async def issue(api: Api, member: str, template_id: str) -> str:
    body = {"member_ids": [member], "ref": unique()}
    path = f"/v1/coupon-templates/{template_id}/issue"
    return str((await api.ok("POST", path, body, role="planner"))["coupons"][0]["code"])


async def join(api: Api) -> tuple[str, dict[str, str]]:
    """A silver member with 600 points, and what to call the member by."""
    mobile = {"kind": "phone", "value": phone()}
    joined = await api.ok("POST", "/v1/members", registration(mobile), role="pos")
    bought = await quote(api, mobile, lines=[{"sku": "milk", "quantity": 0, "amount": fen(63_157)}])
    assert bought["price"]["to_pay"]["amount"] == 60_000  # 95 % for regular members
    answer = await api.ok("POST", "/v1/orders", order_of(bought, mobile), role="pos")
    assert (answer["tier"], answer["balance"]) == ("silver", 600)
    return str(joined["member_id"]), mobile


def fen(amount: int) -> dict[str, int]:
    return {"amount": amount}


async def quote(api: Api, identifier: dict[str, str], **more: Any) -> dict[str, Any]:
    body = {
        "store": "s-1", "channel": "pos", "lines": CART, "identifier": identifier, "keep": True,
        **more,
    }  # fmt: skip
    answer: dict[str, Any] = await api.ok("POST", "/v1/pricing/quote", body, role="pos")
    return answer


def order_of(quoted: dict[str, Any], identifier: dict[str, str], **more: Any) -> dict[str, Any]:
    """What the till sends once a quote is paid."""
    price = quoted["price"]
    paid_at = datetime.fromisoformat(quoted["valid_until"]) - 14 * MINUTE
    return {
        "order_no": f"o-{unique()}",
        "store": "s-1",
        "channel": "pos",
        "paid_at": paid_at.isoformat(),
        "identifier": identifier,
        "items": [
            {"sku": each["sku"], "quantity": each["quantity"], "amount": each["listed"]}
            for each in price["lines"]
        ],
        "paid": price["to_pay"],
        "coupons": price["coupons"],
        "quote_id": quoted["quote_id"],
        **more,
    }


async def test_from_quote_to_return_exact_to_the_fen(api: Api) -> None:
    member, mobile = await join(api)
    cash = await template(api, effect="cash_off", off=fen(500), threshold=fen(3000))
    tenth = await template(api, effect="percent", percent=10, scope={"skus": ["bread"]})
    codes = [await issue(api, member, each) for each in (cash, tenth)]

    quoted = await quote(api, mobile, delivery=fen(600), points=None)
    price = quoted["price"]
    # silver: 3,999 − 399 and 999 − 99; a tenth of the bread, 500 off, and the 600 points there are
    steps = {step["kind"]: step["off"]["amount"] for step in price["steps"]}
    assert steps == {"tier_price": 498, "percent": 90, "cash_off": 500, "points": 600}
    assert price["listed"]["amount"] - sum(steps.values()) == price["to_pay"]["amount"] == 3910
    assert sorted(price["coupons"]) == sorted(codes) and price["points"] == 600
    pays = [line["pays"]["amount"] for line in price["lines"]]
    assert sum(pays) + price["delivery"]["amount"] == 3910

    holds = f"/v1/members/{member}/points/holds"
    held = await api.ok("POST", holds, {"points": 600, "reason": "checkout"}, role="pos")
    points = f"/v1/members/{member}/points"
    assert (await api.ok("GET", points, role="pos"))["redeemable"] == 0
    order = order_of(
        quoted, mobile, delivery=fen(600), hold_id=held["hold"]["hold_id"],
        tender=[{"kind": "alipay", "amount": fen(3910)}],
        payer={"kind": "external", "value": f"alipay-{unique()}"},
    )  # fmt: skip
    booked = await api.ok("POST", "/v1/orders", order, role="pos")
    assert await api.ok("POST", "/v1/orders", order, role="pos") == booked
    assert (booked["growth"], booked["points"], booked["balance"]) == (39, 46, 46)  # 39.10 × 1.2

    refunds = f"/v1/orders/{order['order_no']}/refunds"
    two = {"refund_no": "two", "items": [{"sku": "milk", "quantity": 2}], "reason": "spoilt"}
    part = await api.ok("POST", refunds, two, role="pos")
    assert part["amount"]["amount"] == pays[0] * 2 // 3 and part["coupons"] == []
    assert part["points_restored"] == 600 * part["amount"]["amount"] // 3910
    assert await api.ok("POST", refunds, two, role="pos") == part
    whole = await api.ok("POST", refunds, {"refund_no": "rest"}, role="pos")
    assert part["amount"]["amount"] + whole["amount"]["amount"] == 3910
    assert part["points_restored"] + whole["points_restored"] == 600
    assert part["points_reversed"] + whole["points_reversed"] == 46
    assert sorted(whole["coupons"]) == sorted(codes)
    balance = await api.ok("GET", points, role="pos")
    assert (balance["redeemable"], balance["held"], balance["pending"]) == (600, 0, 0)
    again = await quote(api, mobile)
    assert sorted(again["price"]["coupons"]) == sorted(codes)
    books = await api.ok("GET", "/v1/ledger/trial-balance", role="compliance")
    assert books["difference"] == 0


async def test_only_the_till_asks_for_others(api: Api) -> None:
    member, mobile = await join(api)
    await api.settled()  # points has heard of the member
    body = {"store": "s-1", "channel": "app", "lines": CART}
    path = "/v1/pricing/quote"
    own = await api.ok("POST", path, body, role="member", member=member)
    assert own["member_id"] == member and own["quote_id"] is None
    for more in ({"identifier": mobile}, {"member_id": unique().ljust(32, "0")}):
        refused = await api.call("POST", path, {**body, **more}, role="member", member=member)
        assert refused.status_code == 403
    nobody = {"kind": "phone", "value": phone()}
    unknown = await api.call("POST", path, {**body, "identifier": nobody}, role="pos")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_identifier")
    assert (await api.call("POST", path, body, role="analyst")).status_code == 403

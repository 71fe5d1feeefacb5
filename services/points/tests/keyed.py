"""Every operation that takes an Idempotency-Key, with a body, another one, and what it needs."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from services.points.tests import coupons
from services.points.tests.conftest import NOON, Shop
from services.points.tests.coupons import members
from services.points.tests.rules import body as rule
from services.points.tests.test_acts import QUESTIONS, TWO, mark, settled, tell
from services.points.tests.test_benefits import CITY
from services.points.tests.test_coupons_pools import codes_of, pool_of
from services.points.tests.test_packages import offer as offer_package
from services.points.tests.test_paid_memberships import joined
from services.points.tests.test_partners import add as add_partner
from services.points.tests.test_partners import exchange
from services.points.tests.test_referrals import DEVICE, bring, code
from services.points.tests.test_rewards import exchange as take
from services.points.tests.test_rewards import offer, terms
from services.points.tests.test_stored_value import opened, top_up

from contracts.classification import Kind
from contracts.events import IdentifierLinked


@dataclass(frozen=True)
class Keyed:
    """What is sent: path parameters, a body (None: none), and another one."""

    body: dict[str, Any] | None = None
    other: dict[str, Any] = field(default_factory=lambda: {"other": True})
    path: dict[str, Any] = field(default_factory=dict)


Prepare = Callable[[Shop], Coroutine[Any, Any, Keyed]]
KEYED: dict[str, Prepare] = {}
_MEMBER = "/v1/members/{member_id}"
_HOLDS = f"{_MEMBER}/points/holds"
_TEMPLATE = "/v1/coupon-templates/{template_id}"
_CODE = "/v1/coupons/{code}"
_STORED = "/v1/accounts/stored-value/{account_id}"
_PAID = "/v1/memberships/paid/{membership_id}"
_APPLICATION = "/v1/benefit-applications/{application_id}"


def keyed(name: str) -> Callable[[Prepare], Prepare]:
    """Of the operation with that name."""

    def add(prepare: Prepare) -> Prepare:
        KEYED[name] = prepare
        return prepare

    return add


async def _rich(shop: Shop) -> str:
    (member,) = await members(shop, 1)
    await shop.buy(member, 3000, channel="app")
    return str(member)


async def _posted(shop: Shop, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    answer = await shop.client.post(path, json=body)
    assert answer.is_success, answer.text
    return dict(answer.json())


def _fen(amount: int) -> dict[str, int]:
    return {"amount": amount}


@keyed("POST /v1/orders/{order_no}/refunds")
async def _(shop: Shop) -> Keyed:
    order = await shop.buy(uuid4(), 100)
    body = {"refund_no": "r", "amount": _fen(100)}
    return Keyed(body, body | {"amount": _fen(200)}, {"order_no": order["order_no"]})


@keyed(f"POST {_MEMBER}/redemptions")
@keyed(f"POST {_HOLDS}")
async def _(shop: Shop) -> Keyed:
    body = {"points": 100, "reason": "x"}
    return Keyed(body, body | {"points": 200}, {"member_id": await _rich(shop)})


async def _hold(shop: Shop) -> dict[str, Any]:
    member = await _rich(shop)
    path = f"/v1/members/{member}/points/holds"
    hold = (await _posted(shop, path, {"points": 200, "reason": "x"}))["hold"]
    return {"member_id": member, "hold_id": hold["hold_id"]}


@keyed(f"POST {_HOLDS}/{{hold_id}}/post")
async def _(shop: Shop) -> Keyed:
    return Keyed({"points": 100}, {"points": 200}, await _hold(shop))


@keyed(f"POST {_HOLDS}/{{hold_id}}/void")
async def _(shop: Shop) -> Keyed:
    return Keyed(path=await _hold(shop))


@keyed(f"POST {_MEMBER}/transfers")
async def _(shop: Shop) -> Keyed:
    body = {"to_member_id": await _rich(shop), "points": 100}
    return Keyed(body, body | {"points": 200}, {"member_id": await _rich(shop)})


@keyed("POST /v1/rewards")
async def _(shop: Shop) -> Keyed:
    body = terms() | {"reward_id": "new"}
    return Keyed(body, body | {"points": 200})


@keyed(f"POST {_MEMBER}/rewards/{{reward_id}}/exchanges")
async def _(shop: Shop) -> Keyed:
    await offer(shop, "mug")
    path = {"member_id": await _rich(shop), "reward_id": "mug"}
    return Keyed({"quantity": 1}, {"quantity": 2}, path)


@keyed(f"POST {_MEMBER}/reward-exchanges/{{exchange_id}}/cancel")
async def _(shop: Shop) -> Keyed:
    await offer(shop, "bowl")
    member = await _rich(shop)
    taken = (await take(shop, UUID(member), "bowl")).json()["exchange"]
    return Keyed(path={"member_id": member, "exchange_id": taken["exchange_id"]})


@keyed(f"POST {_MEMBER}/acts")
async def _(shop: Shop) -> Keyed:
    return Keyed({"kind": "share"}, {"kind": "recycle"}, {"member_id": await _rich(shop)})


@keyed("POST /v1/tasks")
async def _(shop: Shop) -> Keyed:
    body = {"task_id": "t", "name": TWO, "act": "share", "times": 3, "growth": 5}
    return Keyed(body, body | {"times": 4})


@keyed("POST /v1/questionnaires")
async def _(shop: Shop) -> Keyed:
    body = QUESTIONS | {"questionnaire_id": "first"}
    return Keyed(body, QUESTIONS | {"questionnaire_id": "second"})


@keyed(f"POST {_MEMBER}/questionnaires/{{questionnaire_id}}/answers")
async def _(shop: Shop) -> Keyed:
    await _posted(shop, "/v1/questionnaires", QUESTIONS | {"questionnaire_id": "third"})
    path = {"member_id": await _rich(shop), "questionnaire_id": "third"}
    return Keyed({"answers": {"a": ["yes"]}}, {"answers": {"a": ["no"]}}, path)


@keyed("POST /v1/referrals")
async def _(shop: Shop) -> Keyed:
    referrer, one, two = await members(shop, 3)
    body = {"code": await code(shop, referrer), "member_id": str(one)}
    return Keyed(body, body | {"member_id": str(two)})


@keyed("POST /v1/referrals/{referral_id}/decide")
async def _(shop: Shop) -> Keyed:
    referrer, friend = await members(shop, 2)
    device = mark(Kind.DEVICE_ID, "shared")
    await tell(shop, IdentifierLinked(referrer, Kind.DEVICE_ID, device.index, NOON, "staff"))
    await settled(shop)
    brought = (await bring(shop, referrer, friend, device_id=DEVICE)).json()
    path = {"referral_id": brought["referral_id"]}
    return Keyed({"decision": "refuse"}, {"decision": "accept"}, path)


@keyed("POST /v1/earning-rules")
async def _(shop: Shop) -> Keyed:
    return Keyed(rule("r", "fixed", 5), rule("r", "fixed", 6))


@keyed(f"POST {_MEMBER}/benefits/{{benefit_id}}/uses")
async def _(shop: Shop) -> Keyed:
    path = {"member_id": await _rich(shop), "benefit_id": "parking"}
    return Keyed({"channel": "pos"}, {"channel": "app"}, path)


async def _application(shop: Shop) -> dict[str, Any]:
    member, order_no = await _rich(shop), shop.numbers[-1]
    body = {"benefit_id": "free_delivery", "area": CITY, "order_no": order_no}
    made = await _posted(shop, f"/v1/members/{member}/benefit-applications", body)
    return {"application_id": made["application_id"]}


@keyed(f"POST {_MEMBER}/benefit-applications")
async def _(shop: Shop) -> Keyed:
    member = await _rich(shop)
    body = {"benefit_id": "free_delivery", "area": CITY, "order_no": shop.numbers[-1]}
    return Keyed(body, body | {"note": "gift"}, {"member_id": member})


@keyed(f"POST {_APPLICATION}/accept")
async def _(shop: Shop) -> Keyed:
    return Keyed(path=await _application(shop))


@keyed(f"POST {_APPLICATION}/fulfil")
async def _(shop: Shop) -> Keyed:
    path = await _application(shop)
    await _posted(shop, _APPLICATION.format(**path) + "/accept")
    return Keyed(path=path)


@keyed(f"POST {_APPLICATION}/refuse")
async def _(shop: Shop) -> Keyed:
    path = await _application(shop)
    return Keyed({"reason": "not_available"}, {"reason": "other"}, path)


@keyed("POST /v1/coupon-templates")
async def _(shop: Shop) -> Keyed:
    return Keyed(coupons.terms(), coupons.terms(off=_fen(700)))


@keyed(f"PUT {_TEMPLATE}")
async def _(shop: Shop) -> Keyed:
    path = {"template_id": await coupons.template(shop)}
    return Keyed(coupons.terms(off=_fen(600)), coupons.terms(off=_fen(700)), path)


@keyed(f"POST {_TEMPLATE}/end")
async def _(shop: Shop) -> Keyed:
    return Keyed(path={"template_id": await coupons.template(shop)})


@keyed(f"POST {_TEMPLATE}/issue")
async def _(shop: Shop) -> Keyed:
    body = {"member_ids": [await _rich(shop)]}
    return Keyed(body, body | {"ref": "x"}, {"template_id": await coupons.template(shop)})


@keyed(f"POST {_MEMBER}/coupons")
async def _(shop: Shop) -> Keyed:
    made = await coupons.template(shop, claimable=True, per_member_limit=2)
    body, other = {"template_id": made}, {"template_id": str(uuid4())}
    return Keyed(body, other, {"member_id": await _rich(shop)})


@keyed(f"POST {_CODE}/claim")
async def _(shop: Shop) -> Keyed:
    template = await coupons.template(shop)
    [found] = await codes_of(shop, template, await pool_of(shop, template, 1))
    body, other = {"member_id": await _rich(shop)}, {"member_id": await _rich(shop)}
    return Keyed(body, other, {"code": found})


async def _coupon(shop: Shop) -> tuple[str, dict[str, Any]]:
    member = await _rich(shop)
    [made] = await coupons.issue(shop, await coupons.template(shop), UUID(member))
    return made["code"], {"order_no": "o", "member_id": member, "order_amount": _fen(1000)}


@keyed(f"POST {_CODE}/redeem")
async def _(shop: Shop) -> Keyed:
    found, body = await _coupon(shop)
    return Keyed(body, body | {"order_no": "p"}, {"code": found})


@keyed(f"POST {_CODE}/rollback")
async def _(shop: Shop) -> Keyed:
    found, body = await _coupon(shop)
    await _posted(shop, f"/v1/coupons/{found}/redeem", body)
    return Keyed({"order_no": "o"}, {"order_no": "p"}, {"code": found})


@keyed("POST /v1/pricing/quote")
async def _(shop: Shop) -> Keyed:
    line = {"sku": "milk", "quantity": 1, "amount": _fen(1000)}
    body = {"store": "s1", "channel": "pos", "lines": [line], "member_id": await _rich(shop)}
    return Keyed(body | {"keep": True}, body)


async def _partner(shop: Shop) -> str:
    if (await shop.client.get("/v1/partners/air")).status_code == 404:
        await add_partner(shop)
    return await _rich(shop)


@keyed(f"POST {_MEMBER}/exchanges")
async def _(shop: Shop) -> Keyed:
    member = await _partner(shop)
    body = {"partner_id": "air", "direction": "out", "points": 100, "partner_ref": "key"}
    return Keyed(body, body | {"points": 200}, {"member_id": member})


@keyed(f"POST {_MEMBER}/exchanges/{{exchange_id}}/reverse")
async def _(shop: Shop) -> Keyed:
    member = await _partner(shop)
    made = (await exchange(shop, UUID(member), "out", points=100)).json()
    return Keyed(path={"member_id": member, "exchange_id": made["exchange_id"]})


async def _package(shop: Shop) -> tuple[str, dict[str, Any]]:
    if (await shop.client.get("/v1/partners/meal")).status_code == 404:
        await offer_package(shop)
    return await _rich(shop), {"package_id": "evening", "tender": "wechat"}


@keyed(f"POST {_MEMBER}/packages")
async def _(shop: Shop) -> Keyed:
    member, body = await _package(shop)
    return Keyed(body, body | {"tender": "cash"}, {"member_id": member})


@keyed(f"POST {_MEMBER}/packages/{{purchase_id}}/refunds")
async def _(shop: Shop) -> Keyed:
    member, body = await _package(shop)
    made = await _posted(shop, f"/v1/members/{member}/packages", body)
    path = {"member_id": member, "purchase_id": made["purchase_id"]}
    return Keyed({"components": ["gym"]}, {"components": ["film"]}, path)


@keyed("POST /v1/package-vouchers/{code}/redeem")
async def _(shop: Shop) -> Keyed:
    member, body = await _package(shop)
    made = await _posted(shop, f"/v1/members/{member}/packages", body)
    return Keyed(path={"code": made["vouchers"][0]["code"]})


@keyed("POST /v1/accounts/stored-value")
async def _(shop: Shop) -> Keyed:
    one, two = await members(shop, 2)
    return Keyed({"member_id": str(one)}, {"member_id": str(two)})


async def _account(shop: Shop) -> tuple[dict[str, Any], dict[str, Any]]:
    account = await opened(shop, uuid4())
    return {"account_id": account}, await top_up(shop, account, 10_000)


@keyed(f"POST {_STORED}/top-ups")
async def _(shop: Shop) -> Keyed:
    path, _ = await _account(shop)
    body = {"amount": _fen(1000), "tender": "wechat"}
    return Keyed(body, body | {"amount": _fen(2000)}, path)


_SPEND = {"amount": _fen(1000), "store": "s1", "order_no": "o"}


@keyed(f"POST {_STORED}/spends")
async def _(shop: Shop) -> Keyed:
    path, _ = await _account(shop)
    return Keyed(_SPEND, _SPEND | {"amount": _fen(2000)}, path)


@keyed(f"POST {_STORED}/spends/{{spend_id}}/reversals")
async def _(shop: Shop) -> Keyed:
    path, _ = await _account(shop)
    spent = await _posted(shop, _STORED.format(**path) + "/spends", _SPEND)
    return Keyed({"refund_no": "r"}, {"refund_no": "s"}, path | {"spend_id": spent["spend_id"]})


@keyed(f"POST {_STORED}/refunds")
async def _(shop: Shop) -> Keyed:
    path, paid = await _account(shop)
    return Keyed({"top_up_id": paid["top_up_id"]}, {"top_up_id": str(uuid4())}, path)


async def _membership(shop: Shop) -> dict[str, Any]:
    return {"membership_id": await joined(shop, uuid4())}


@keyed("POST /v1/memberships/paid")
async def _(shop: Shop) -> Keyed:
    await _membership(shop)  # and so there is the plan
    body = {"member_id": await _rich(shop), "plan_id": "plus", "tender": "wechat"}
    return Keyed(body, body | {"tender": "cash"})


@keyed(f"POST {_PAID}/renewals")
async def _(shop: Shop) -> Keyed:
    body = {"consent": True, "tender": "wechat"}
    return Keyed(body, body | {"tender": "cash"}, await _membership(shop))


@keyed(f"POST {_PAID}/cancel")
async def _(shop: Shop) -> Keyed:
    return Keyed(path=await _membership(shop))


@keyed(f"POST {_PAID}/uses")
async def _(shop: Shop) -> Keyed:
    return Keyed({"benefit": "delivery"}, {"benefit": "other"}, await _membership(shop))

"""What tests of coupons share: a planner's words, and what must always hold."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from services.points.tests.conftest import NOON, Shop

from contracts.events import MemberRegistered
from points_service.members.subscribers import on_registered
from points_service.programme import Programme

FIRST_ORDER = UUID("00000000-0000-5000-8000-000000000101")
BIRTHDAY = UUID("00000000-0000-5000-8000-000000000005")
MERCHANTS = [{"merchant": "s1", "percent": 70}, {"merchant": "s2", "percent": 30}]


def terms(**other: Any) -> dict[str, Any]:
    """5 yuan off for seven days from the claim; `other` replaces fields."""
    return {
        "names": {"zh": "立减 5 元", "en": "5 yuan off"},
        "effect": "cash_off",
        "off": {"amount": 500},
        "valid_days": 7,
        **other,
    }


def percent(share: int, **other: Any) -> dict[str, Any]:
    """So many percent off."""
    return terms(effect="percent", off=None, percent=share, **other)


async def members(shop: Shop, count: int) -> list[UUID]:
    """So many that are registered."""
    ids = [uuid4() for _ in range(count)]
    async with shop.running.db.transaction() as tx:
        events = [MemberRegistered(member, NOON - timedelta(days=1)) for member in ids]
        await on_registered(Programme()).handler(tx, events)
    return ids


async def template(shop: Shop, **other: Any) -> str:
    """The id of a new template."""
    answer = await shop.client.post("/v1/coupon-templates", json=terms(**other))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["template_id"])


async def issue(shop: Shop, template_id: str, *ids: UUID, **other: Any) -> list[dict[str, Any]]:
    """Coupons of members."""
    answer = await give(shop, template_id, *ids, **other)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["coupons"])


async def give(shop: Shop, template_id: str, *ids: UUID, **other: Any) -> httpx.Response:
    """Issue coupons to members."""
    body = {"member_ids": [str(member) for member in ids], **other}
    return await shop.client.post(f"/v1/coupon-templates/{template_id}/issue", json=body)


async def redeem(
    shop: Shop, code: str, member: UUID, order_no: str = "o", **other: Any
) -> httpx.Response:
    """Use a coupon; amounts in fen."""
    body: dict[str, Any] = {"order_no": order_no, "member_id": str(member)}
    for name, value in other.items():
        body[name] = {"amount": value} if name.endswith("amount") else value
    return await shop.client.post(f"/v1/coupons/{code}/redeem", json=body)


async def give_back(shop: Shop, code: str, order_no: str = "o") -> httpx.Response:
    """Roll a redemption back."""
    return await shop.client.post(f"/v1/coupons/{code}/rollback", json={"order_no": order_no})


async def balance(shop: Shop, kind: str, owner: str) -> int:
    """Of an account, from its entries."""
    async with shop.running.db.transaction(readonly=True) as tx:
        found = await tx.fetchval(
            "SELECT sum(e.amount)::bigint FROM entry e JOIN account a USING (account_id)"
            " WHERE a.kind = $1 AND a.owner = $2",
            kind, owner,
        )  # fmt: skip
    return found or 0


COUPON_RULES = {
    "a template promises what its coupons reserve": (
        "SELECT template_id FROM coupon_template t WHERE committed_fen"
        " <> (SELECT coalesce(sum(reserved_fen), 0) FROM coupon c"
        " WHERE c.template_id = t.template_id)"
    ),
    "a template counts its coupons": (
        "SELECT template_id FROM coupon_template t WHERE issued"
        " <> (SELECT count(*) FROM coupon c WHERE c.template_id = t.template_id)"
    ),
    "a budget has what it got less what coupons took off": (
        "SELECT t.template_id FROM coupon_template t WHERE budget_fen IS NOT NULL"
        " AND budget_fen - (SELECT coalesce(sum(off_fen), 0) FROM coupon c"
        " WHERE c.template_id = t.template_id)"
        " <> (SELECT coalesce(sum(e.amount), 0) FROM entry e JOIN account a USING (account_id)"
        " WHERE a.kind = 'budget' AND a.owner = t.template_id::text)"
    ),
    "merchants bear what coupons took off": (
        "SELECT 1 FROM coupon HAVING coalesce(sum(off_fen), 0)"
        " <> (SELECT coalesce(sum(e.amount), 0) FROM entry e JOIN account a USING (account_id)"
        " WHERE a.kind = 'discount')"
    ),
    "what is used belongs to somebody and took no more than was reserved": (
        "SELECT code FROM coupon c JOIN coupon_template t USING (template_id)"
        " WHERE order_no IS NOT NULL AND (member_id IS NULL"
        " OR t.budget_fen IS NOT NULL AND off_fen > reserved_fen)"
    ),
}


async def check(shop: Shop) -> None:
    """The books, and every rule above."""
    await shop.check_books()
    async with shop.running.db.transaction(readonly=True) as tx:
        broken = {name: len(await tx.fetch(query)) for name, query in COUPON_RULES.items()}
    print(f"coupons: {sum(broken.values())} violations of {len(broken)} rules")
    assert set(broken.values()) == {0}, broken

"""Stored value: principal and bonus, exact to the fen, never below 0."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.points.tests.conftest import NOON, Shop
from services.points.tests.test_merges import merge

from contracts.events import MemberRegistered
from contracts.roles import Role
from points_service.members.subscribers import on_registered
from points_service.programme import Programme
from points_service.stored_value import domain
from points_service.stored_value.domain import Spend, TopUp, Use
from testkit import together

PATH = "/v1/accounts/stored-value"
RULE = {
    "rule_id": "spring",
    "names": {"zh": "充五百送五十", "en": "Top up 500, get 50"},
    "amount_fen": 50000,
    "bonus_fen": 5000,
    "merchant": "s2",
    "valid_from": "2017-01-01T00:00:00+08:00",
    "valid_until": "2017-04-01T00:00:00+08:00",
}


async def opened(shop: Shop, member: UUID) -> str:
    """An account of a new member."""
    await register(shop, member)
    answer = await shop.client.post(PATH, json={"member_id": str(member)})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["account_id"])


async def register(shop: Shop, *members: UUID) -> None:
    """They exist."""
    async with shop.running.db.transaction() as tx:
        told = [MemberRegistered(each, NOON) for each in members]
        await on_registered(Programme()).handler(tx, told)


async def post(shop: Shop, path: str, body: dict[str, Any], key: str = "") -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await shop.client.post(f"{PATH}/{path}", json=body, headers=headers)


async def top_up(shop: Shop, account: str, fen: int, **other: Any) -> dict[str, Any]:
    body = {"amount": {"amount": fen}, "tender": "wechat", **other}
    answer = await post(shop, f"{account}/top-ups", body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def spend(shop: Shop, account: str, fen: int, key: str = "") -> httpx.Response:
    body = {"amount": {"amount": fen}, "store": "s1", "order_no": "o-1"}
    return await post(shop, f"{account}/spends", body, key)


async def balances(shop: Shop, account: str) -> tuple[int, int, int]:
    """Principal, bonus, refundable principal."""
    found = await shop.get(f"{PATH}/{account}")
    return tuple(found[name]["amount"] for name in ("principal", "bonus", "refundable"))


async def kinds(shop: Shop) -> dict[str, int]:
    """What is on the fen accounts, by kind."""
    found = (await shop.get("/v1/ledger/trial-balance"))["accounts"]
    return {each["kind"]: each["credit"] - each["debit"] for each in found}


async def test_paid_in_spent_and_given_back(shop: Shop, member: UUID) -> None:
    await shop.client.put("/v1/stored-value-rules/spring", json=RULE)
    account = await opened(shop, member)
    assert (await top_up(shop, account, 10000))["rule_id"] is None
    paid = await top_up(shop, account, 50000)
    assert (paid["bonus"]["amount"], paid["rule_id"]) == (5000, "spring")
    assert await balances(shop, account) == (60000, 5000, 60000)

    done = (await spend(shop, account, 21000)).json()  # 100 yuan without bonus, 110 with a tenth
    assert (done["principal"]["amount"], done["bonus"]["amount"]) == (20000, 1000)
    assert await balances(shop, account) == (40000, 4000, 40000)
    found = await kinds(shop)
    assert (found["sales"], found["cash"], found["promotion"]) == (21000, -60000, -5000)
    assert (found["stored_principal"], found["stored_bonus"]) == (40000, 4000)

    path = f"{account}/spends/{done['spend_id']}/reversals"
    half = await post(shop, path, {"refund_no": "r1", "amount": {"amount": 10500}})
    again = await post(shop, path, {"refund_no": "r1", "amount": {"amount": 10500}})
    assert half.json() == again.json() and half.json()["reversed"]["amount"] == 10500
    other = await post(shop, path, {"refund_no": "r1", "amount": {"amount": 1}})
    assert (other.status_code, other.json()["code"]) == (409, "refund_no_reused")
    much = await post(shop, path, {"refund_no": "r2", "amount": {"amount": 10501}})
    assert much.status_code == 409
    assert (await post(shop, path, {"refund_no": "r3"})).json()["reversed"]["amount"] == 21000
    assert await balances(shop, account) == (60000, 5000, 60000)
    assert (await kinds(shop))["sales"] == 0
    await shop.check_books()


async def test_principal_is_paid_back_within_seven_days_with_its_bonus(
    shop: Shop, member: UUID
) -> None:
    await shop.client.put("/v1/stored-value-rules/spring", json=RULE)
    account = await opened(shop, member)
    first = await top_up(shop, account, 50000)
    await spend(shop, account, 11000)  # 100 yuan of it and a fifth of its bonus
    path = f"{account}/refunds"
    body = {"top_up_id": first["top_up_id"], "amount": {"amount": 40001}}
    assert (await post(shop, path, body)).json()["code"] == "nothing_left"
    body["amount"] = {"amount": 10000}
    part = (await post(shop, path, body)).json()
    assert (part["refunded"]["amount"], part["bonus_taken"]["amount"]) == (10000, 1000)
    shop.move(NOON + timedelta(days=7, microseconds=-1))
    rest = (await post(shop, path, {"top_up_id": first["top_up_id"]})).json()
    assert (rest["refunded"]["amount"], rest["bonus_taken"]["amount"]) == (30000, 3000)
    assert await balances(shop, account) == (0, 0, 0)
    assert (await kinds(shop))["cash"] == -10000

    later = await top_up(shop, account, 10000)
    shop.move(shop.clock.now() + timedelta(days=7))
    assert await balances(shop, account) == (10000, 0, 0)
    refused = await post(shop, path, {"top_up_id": later["top_up_id"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "refund_period_over")
    assert "7 days" in refused.json()["title"]
    closing = {"top_up_id": later["top_up_id"], "closing": True}
    assert (await post(shop, path, closing)).json()["refunded"]["amount"] == 10000
    assert await balances(shop, account) == (0, 0, 0)
    assert (await post(shop, path, {"top_up_id": str(uuid4())})).status_code == 404
    await shop.check_books()


async def test_bonus_rules_are_data_with_dates(shop: Shop, member: UUID) -> None:
    await shop.client.put("/v1/stored-value-rules/spring", json=RULE)
    more = RULE | {"rule_id": "big", "amount_fen": 100000, "bonus_fen": 15000}
    await shop.client.put("/v1/stored-value-rules/big", json=more)
    assert [r["rule_id"] for r in (await shop.get("/v1/stored-value-rules"))["data"]] == [
        "big", "spring",
    ]  # fmt: skip
    wrong = await shop.client.put("/v1/stored-value-rules/other", json=RULE)
    assert wrong.status_code == 422
    account = await opened(shop, member)
    assert (await top_up(shop, account, 100000))["bonus"]["amount"] == 15000
    chosen = await top_up(shop, account, 100000, rule_id="spring")
    assert chosen["bonus"]["amount"] == 5000
    body = {"amount": {"amount": 49999}, "tender": "cash", "rule_id": "spring"}
    assert (await post(shop, f"{account}/top-ups", body)).json()["code"] == "rule_not_met"
    shop.move(NOON + timedelta(days=30))
    assert (await top_up(shop, account, 100000))["bonus"]["amount"] == 0
    await shop.check_books()


async def test_sixty_four_spenders_and_not_a_fen_too_many(shop: Shop, member: UUID) -> None:
    await shop.client.put("/v1/stored-value-rules/spring", json=RULE)
    account = await opened(shop, member)
    await top_up(shop, account, 50000)  # and 50 yuan bonus: 55 spends of 10 yuan
    answers = await together(spend(shop, account, 1000, f"k{n}") for n in range(64))
    assert Counter(each.status_code for each in answers) == {200: 55, 409: 9}
    refused = next(each for each in answers if each.status_code == 409)
    assert refused.json()["code"] == "insufficient_stored_value"
    assert await balances(shop, account) == (0, 0, 0)
    good = next(n for n, each in enumerate(answers) if each.status_code == 200)
    assert (await spend(shop, account, 1000, f"k{good}")).json() == answers[good].json()
    assert (await spend(shop, account, 1001, f"k{good}")).status_code == 422
    await shop.check_books()


async def test_spends_reversals_and_refunds_at_once(shop: Shop, member: UUID) -> None:
    await shop.client.put("/v1/stored-value-rules/spring", json=RULE)
    account = await opened(shop, member)
    tops = [(await top_up(shop, account, 50000))["top_up_id"] for _ in range(2)]
    done = [(await spend(shop, account, 701)).json()["spend_id"] for _ in range(8)]
    amount = {"amount": {"amount": 333}}
    answers = await together(
        [
            *(spend(shop, account, 499) for _ in range(24)),
            *(
                post(shop, f"{account}/refunds", {"top_up_id": tops[n % 2]} | amount)
                for n in range(24)
            ),
            *(
                post(shop, f"{account}/spends/{done[n % 8]}/reversals", {"refund_no": f"r{n // 8}"})
                for n in range(16)
            ),
        ]
    )
    assert {each.status_code for each in answers[:48]} == {200}
    assert Counter(each.status_code for each in answers[48:]) == {200: 8, 409: 8}
    principal, bonus, _ = await balances(shop, account)
    refunds = [each.json() for each in answers[24:48]]
    taken = sum(each["bonus_taken"]["amount"] for each in refunds)
    assert principal + bonus == 110000 - 24 * 499 - 24 * 333 - taken
    await shop.check_books()


async def test_the_statement_runs(shop: Shop, member: UUID) -> None:
    account = await opened(shop, member)
    for _ in range(3):
        await top_up(shop, account, 100)
        await spend(shop, account, 50)
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await shop.get(f"{PATH}/{account}/statement?limit=4{cursor}")
        found += page["data"]
        cursor = f"&cursor={page['next_cursor']}" if page["next_cursor"] else None
    assert [line["principal"] for line in found] == [-50, 100] * 3
    assert [line["principal_balance"] for line in found] == [150, 200, 100, 150, 50, 100]
    assert (await shop.client.get(f"{PATH}/{account}/statement?cursor=x")).status_code == 422


async def test_a_member_sees_the_own_account_only_and_keeps_it_in_a_merge(
    shop: Shop, member: UUID
) -> None:
    account = await opened(shop, member)
    await top_up(shop, account, 700)
    other, foreign = uuid4(), uuid4()
    await register(shop, other)
    await merge(shop, (other, member))
    found = await shop.get(f"/v1/members/{other}/stored-value")
    assert [each["account_id"] for each in found["data"]] == [account]
    for caller, status in ((other, 200), (member, 200), (foreign, 403)):
        headers = shop.running.headers(Role.MEMBER, member_id=caller)
        answer = await shop.client.get(f"{PATH}/{account}", headers=headers)
        assert answer.status_code == status
    headers = shop.running.headers(Role.MEMBER, member_id=foreign)
    stolen = await shop.client.post(PATH, json={"member_id": str(other)}, headers=headers)
    assert stolen.status_code == 403
    assert (await spend(shop, account, 700)).status_code == 200
    assert (await shop.client.get(f"{PATH}/{uuid4()}")).status_code == 404
    await shop.check_books()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"amount": {"amount": 0}, "store": "s1", "order_no": "o"}, 422),
        ({"amount": {"amount": 5, "currency": "USD"}, "store": "s1", "order_no": "o"}, 422),
        ({"amount": {"amount": 5}, "store": "nowhere", "order_no": "o"}, 422),
        ({"amount": {"amount": 5}, "store": "s1", "order_no": "o"}, 409),
    ],
)
async def test_what_cannot_be_spent(
    shop: Shop, member: UUID, body: dict[str, Any], status: int
) -> None:
    account = await opened(shop, member)
    assert (await post(shop, f"{account}/spends", body)).status_code == status


MONEY = st.integers(1, 10**7)


@given(
    paid=st.lists(st.tuples(MONEY, st.integers(0, 10**6)), min_size=1, max_size=5),
    permille=st.integers(1, 1000),
    steps=st.lists(MONEY, max_size=6),
)
def test_shares_add_up_to_the_fen(
    paid: list[tuple[int, int]], permille: int, steps: list[int]
) -> None:
    account = UUID(int=1)
    top_ups = [
        TopUp(UUID(int=n), account, n, "cash", None, "s", p, b, p, b, NOON + timedelta(days=n))
        for n, (p, b) in enumerate(paid)
    ]
    total = sum(each.left for each in top_ups)
    fen = -(-total * permille // 1000)
    parts = domain.draw(top_ups, fen)
    assert parts is not None and domain.draw(top_ups, total + 1) is None
    principal, bonus = domain.principal(parts), domain.bonus(parts)
    assert principal + bonus == fen
    for part, top_up in zip(parts, top_ups, strict=False):
        assert 0 <= part.principal <= top_up.principal and 0 <= part.bonus <= top_up.bonus
        assert part.bonus == (part.principal + part.bonus) * top_up.bonus // top_up.left

    spend = Spend(UUID(int=9), account, "s", "o", principal, bonus, 0, 0)
    uses = [Use(spend.spend_id, part.top_up_id, part.principal, part.bonus) for part in parts]
    left = fen
    for back in (min(step, left) for step in [*steps, fen]):
        if not back:
            break
        given_back = {each.top_up_id: each for each in domain.give_back(spend, uses, back)}
        assert sum(each.principal + each.bonus for each in given_back.values()) == back
        spend, uses = _after(spend, uses, given_back)
        left -= back
        assert spend.left == left
    assert all(u.principal == u.principal_back and u.bonus == u.bonus_back for u in uses)


def _after(spend: Spend, uses: list[Use], back: dict[UUID, domain.Part]) -> tuple[Spend, list[Use]]:

    none = domain.Part(UUID(int=0), 0, 0)
    uses = [
        replace(
            use,
            principal_back=use.principal_back + back.get(use.top_up_id, none).principal,
            bonus_back=use.bonus_back + back.get(use.top_up_id, none).bonus,
        )
        for use in uses
    ]
    return (
        replace(
            spend,
            principal_back=sum(use.principal_back for use in uses),
            bonus_back=sum(use.bonus_back for use in uses),
        ),
        uses,
    )


@given(principal=MONEY, bonus=st.integers(0, 10**6), steps=st.lists(MONEY, max_size=6))
def test_the_last_principal_takes_the_last_bonus(
    principal: int, bonus: int, steps: list[int]
) -> None:
    left, extra = principal, bonus
    for fen in (min(step, left) for step in [*steps, principal]):
        if not fen:
            break
        top_up = TopUp(
            UUID(int=1), UUID(int=2), 1, "cash", None, "s", principal, bonus, left, extra, NOON
        )
        part = domain.pay_back(top_up, fen)
        assert 0 <= part.bonus <= extra
        left, extra = left - part.principal, extra - part.bonus
    assert extra == 0

"""Spending points."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from services.points.tests.conftest import NOON, Shop

from contracts.roles import Role
from testkit import together


async def test_a_hundred_points_are_a_yuan(shop: Shop, member: UUID) -> None:
    await shop.buy(member, 450)
    would = await shop.client.post(
        f"/v1/members/{member}/redemptions?dry_run=true",
        json={"points": 300, "store": "s2", "reason": "checkout"},
    )
    assert would.json()["redemption_id"] is None
    answer = (await shop.redeem(member, 300, store="s2")).json()
    assert answer["value"] == {"amount": 300, "currency": "CNY"} and answer["balance"] == 150
    assert would.json() == answer | {"redemption_id": None}
    [event] = await shop.events("points.points_burnt.v1")
    assert (event["points"], event["journal_id"]) == (300, answer["redemption_id"])
    stats = await shop.check_books()
    assert (stats["issued"], stats["burnt"], stats["outstanding"]) == (450, 300, 150)


async def test_what_cannot_be_spent(shop: Shop, member: UUID) -> None:
    await shop.buy(member, 150)
    for points, status, code, pointer in (
        (200, 409, "insufficient_points", "/points"),
        (150, 422, "not_a_multiple", "/points"),
        (0, 422, "greater_than", "/points"),
        (-100, 422, "greater_than", "/points"),
    ):
        answer = await shop.redeem(member, points)
        error = answer.json()["errors"][0]
        assert (answer.status_code, error["code"], error["pointer"]) == (status, code, pointer)
    assert (await shop.redeem(uuid4(), 100)).status_code == 404
    assert (await shop.redeem(member, 100, store="moon")).json()["code"] == "unknown_store"
    own = shop.running.headers(Role.MEMBER, member_id=member)
    answer = await shop.client.post(
        f"/v1/members/{member}/redemptions",
        json={"points": 100, "reason": "gift", "order_no": "o0"},
        headers=own,
    )
    assert answer.status_code == 403
    assert (await shop.check_books())["burnt"] == 0


async def test_one_key_spends_once(shop: Shop, member: UUID) -> None:
    await shop.buy(member, 500)

    async def spend(points: int) -> tuple[int, str]:
        answer = await shop.client.post(
            f"/v1/members/{member}/redemptions",
            json={"points": points, "reason": "gift"},
            headers={"Idempotency-Key": "k1"},
        )
        return answer.status_code, answer.text

    answers = await together(spend(100) for _ in range(20))
    assert {status for status, _ in answers} <= {200, 409}
    assert len({text for status, text in answers if status == 200}) == 1
    assert (await spend(100)) in answers
    assert (await spend(200))[0] == 422
    assert (await shop.check_books())["burnt"] == 100


async def test_many_at_once_never_spend_more_than_there_is(shop: Shop, member: UUID) -> None:
    await shop.buy(member, 1050)
    answers = await together(shop.redeem(member, 100) for _ in range(25))
    assert sorted(answer.status_code for answer in answers) == [200] * 10 + [409] * 15
    assert (await shop.points(member))["redeemable"] == 50
    await shop.check_books()


async def test_oldest_points_go_first(shop: Shop, member: UUID) -> None:
    await shop.buy(member, 100)
    await shop.buy(member, 200, paid_at=(NOON - timedelta(days=3)).isoformat())
    before = (await shop.points(member))["expiring_next"]
    assert before == {"points": 200, "at": "2018-03-11T16:00:00Z"}
    await shop.redeem(member, 200)
    after = (await shop.points(member))["expiring_next"]
    assert after == {"points": 100, "at": "2018-03-14T16:00:00Z"}


async def test_entries_come_in_pages(shop: Shop, member: UUID) -> None:
    for _ in range(3):
        await shop.buy(member, 100)
    await shop.redeem(member, 200)
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await shop.get(f"/v1/members/{member}/points/entries?limit=3{cursor}")
        found += page["data"]
        cursor = f"&cursor={page['next_cursor']}" if page["next_cursor"] else None
    assert [entry["amount"] for entry in found] == [-200, 100, 100, 100]
    assert [entry["kind"] for entry in found] == ["burn", "earn", "earn", "earn"]
    for query in ("limit=0", "limit=201", "cursor=x"):
        path = f"/v1/members/{member}/points/entries?{query}"
        assert (await shop.client.get(path)).status_code == 422

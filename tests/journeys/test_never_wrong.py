"""Orders told 1 to 10 times in any sequence, by collection and in batches, count once."""

import random
from typing import Any

import pytest

from testkit import together
from testkit.never_wrong import Tally
from tests.journeys.conftest import Api, order, registration, unique

pytestmark = pytest.mark.usefixtures("shop")

MEMBERS, ORDERS = 4, 40


async def _joined(api: Api) -> list[tuple[str, dict[str, str]]]:
    """(member, card) of some new members."""
    cards = [{"kind": "card_no", "value": f"c{unique()}"} for _ in range(MEMBERS)]
    found = [await api.ok("POST", "/v1/members", registration(card), role="pos") for card in cards]
    await api.settled()
    return [(joined["member_id"], card) for joined, card in zip(found, cards, strict=True)]


def _completed(card: dict[str, str], fen: int) -> dict[str, Any]:
    """`Order Completed` as an online shop sends it."""
    return {
        "type": "track",
        "event": "Order Completed",
        "messageId": unique(),
        "timestamp": "2026-01-05T02:00:00Z",
        "anonymousId": unique(),
        "context": {
            "externalIds": [{"id": card["value"], "type": card["kind"], "collection": "users"}]
        },
        "properties": {
            "order_id": f"web-{unique()}",
            "store_id": "s-1",
            "total": fen / 100,
            "products": [{"sku": "milk", "price": fen / 100, "quantity": 1}],
        },
    }


def _redelivered(sent: list[dict[str, Any]], chance: random.Random) -> list[list[dict[str, Any]]]:
    """Each 1 to 10 times, in any sequence, a few at a time."""
    all_ = [each for each in sent for _ in range(chance.randint(1, 10))]
    chance.shuffle(all_)
    pieces = []
    while all_:
        size = chance.randint(1, 12)
        pieces.append(all_[:size])
        all_ = all_[size:]
    return pieces


async def _counted(api: Api, member: str) -> tuple[int, int, int, int]:
    """Points, growth, orders and fen of a member, in points and in profile."""
    points = await api.ok("GET", f"/v1/members/{member}/points", role="pos")
    growth = await api.ok("GET", f"/v1/members/{member}/growth", role="service_agent")
    profile = await api.ok("GET", f"/v1/members/{member}/profile", role="service_agent")
    bought = profile["purchases"]
    return points["redeemable"], growth["growth"], bought["orders"], bought["paid"]["amount"]


async def _compare(
    api: Api, invariant: str, due: dict[str, list[int]], pieces: list[list[Any]]
) -> None:
    with Tally() as tally:
        deliveries = sum(map(len, pieces))
        found, wanted = {}, {}
        for member, fens in due.items():
            yuan = sum(fen // 100 for fen in fens)
            wanted[member] = yuan, yuan, len(fens), sum(fens)
            found[member] = await _counted(api, member)
        wrong = sum(found[member] != wanted[member] for member in due)
        tally.add(invariant, deliveries, wrong)
        assert found == wanted
    books = await api.ok("GET", "/v1/ledger/trial-balance", role="compliance")
    assert books["difference"] == 0


async def test_order_completed_redelivered_and_reordered_counts_once(api: Api) -> None:
    chance, members = random.Random(3), await _joined(api)
    due: dict[str, list[int]] = {member: [] for member, _ in members}
    sent = []
    for n in range(ORDERS):
        member, card = members[n % MEMBERS]
        fen = chance.randrange(100, 4_900)  # nobody reaches silver: tiers depend on the sequence
        due[member].append(fen)
        sent.append(_completed(card, fen))
    pieces = _redelivered(sent, chance)
    for each in (pieces[n : n + 8] for n in range(0, len(pieces), 8)):
        answers = await together(api.collect(*piece) for piece in each)
        assert {answer.status_code for answer in answers} == {200}
    await api.settled()
    await _compare(api, "redelivered and reordered Order Completed", due, pieces)


async def test_batches_redelivered_and_reordered_count_once(api: Api) -> None:
    chance, members = random.Random(4), await _joined(api)
    due: dict[str, list[int]] = {member: [] for member, _ in members}
    sent = []
    for n in range(ORDERS):
        member, card = members[n % MEMBERS]
        due[member].append(fen := chance.randrange(100, 4_900))
        sent.append(order(card, fen, paid_at=f"2026-01-05T10:00:{n:02}+08:00"))
    pieces = _redelivered(sent, chance)
    told: dict[str, set[tuple[int, int]]] = {each["order_no"]: set() for each in sent}
    for each in (pieces[n : n + 8] for n in range(0, len(pieces), 8)):
        answers = await together(
            api.ok("POST", "/v1/orders/batch", {"orders": piece}, role="pos") for piece in each
        )
        for answer in (row for batch in answers for row in batch["data"]):
            told[answer["order_no"]].add((answer["status"], answer["points"]))
    assert {status for each in told.values() for status, _ in each} == {200}
    assert all(len(each) == 1 for each in told.values())  # whoever asks again is told the same
    await api.settled()
    await _compare(api, "redelivered and reordered batches of orders", due, pieces)

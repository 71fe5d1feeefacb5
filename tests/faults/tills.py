"""Tills that keep selling whatever dies on the other side, and remember what they were answered."""

import asyncio
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from allinone.demo.client import Api

STORE, PAID_AT = "s-1", "2026-01-05T10:00:00+08:00"


@dataclass
class Call:
    """A call that was acknowledged, and how."""

    path: str
    body: dict[str, Any]
    key: str | None
    answer: bytes


@dataclass
class Till:
    """One member's purchases, one after the other; `balance` and `held` are what must be there.

    Each call is sent again until it is answered, with the same name for itself.
    """

    api: Api
    member: str
    number: int
    told: Callable[[], None]
    balance: int = 0
    held: int = 0
    calls: list[Call] = field(default_factory=list)
    orders: dict[str, int] = field(default_factory=dict)  # acknowledged: number and fen left
    spends: set[str] = field(default_factory=set)  # acknowledged: their reasons
    refunds: set[str] = field(default_factory=set)
    holds: dict[str, int] = field(default_factory=dict)  # open: id and points

    async def work(self, stop: asyncio.Event) -> None:
        """Until told to stop; what was begun is finished."""
        chance = random.Random(self.number)
        await self.buy(50_000)
        while not stop.is_set():
            act = chance.choice([self._buy, self._buy, self._redeem, self._hold, self._refund])
            await act(chance)

    async def buy(self, fen: int) -> None:
        """An order of one line."""
        order_no = _name("o")
        answer = await self._call("/v1/orders", _order(order_no, self.member, fen), key=None)
        self.balance += answer["points"]
        self.orders[order_no] = fen

    async def _buy(self, chance: random.Random) -> None:
        await self.buy(chance.randrange(1_000, 60_000))

    async def _redeem(self, chance: random.Random) -> None:
        if self.balance < 100:
            return await self._buy(chance)
        reason = _name("r")
        body = {"points": 100, "reason": reason, "order_no": chance.choice(list(self.orders))}
        await self._call(f"/v1/members/{self.member}/redemptions", body)
        self.balance -= 100
        self.spends.add(reason)

    async def _hold(self, chance: random.Random) -> None:
        """Set points aside, or resolve what is."""
        path = f"/v1/members/{self.member}/points/holds"
        if self.holds and chance.random() < 0.8:
            hold_id, points = self.holds.popitem()
            self.held -= points
            if chance.random() < 0.5:
                await self._call(f"{path}/{hold_id}/void", {})
                self.balance += points
            else:
                await self._call(f"{path}/{hold_id}/post", {"points": 100})
                self.balance += points - 100
        elif self.balance >= 200:
            body = {"points": 200, "reason": _name("h"), "expires_in_seconds": 604_800}
            answer = await self._call(path, body)
            self.balance -= 200
            self.held += 200
            self.holds[answer["hold"]["hold_id"]] = 200

    async def _refund(self, chance: random.Random) -> None:
        """A part of an order; only what cannot make a debt, so that `balance` is a plain sum."""
        order_no, left = chance.choice(list(self.orders.items()))
        amount = min(left, chance.randrange(100, 10_000))
        if amount == 0 or self.balance < 2 * amount // 100 + 2:
            return
        refund_no = _name("b")
        body = {"refund_no": refund_no, "amount": {"amount": amount}}
        answer = await self._call(f"/v1/orders/{order_no}/refunds", body)
        self.orders[order_no] -= amount
        self.balance += answer["points_restored"] - answer["points_reversed"]
        self.refunds.add(refund_no)

    async def _call(self, path: str, body: dict[str, Any], key: str | None = "") -> Any:
        """Until it is acknowledged; orders are named by their numbers, all else by a key."""
        key = _name("k") if key == "" else key
        answer = await send(self.api, path, body, key)
        self.calls.append(Call(path, body, key, answer))
        self.told()
        return msgspec.json.decode(answer)


async def send(api: Api, path: str, body: dict[str, Any], key: str | None) -> bytes:
    """POST as a till."""
    return await api.send("POST", path, msgspec.json.encode(body), role="pos", key=key)


def _order(order_no: str, member: str, fen: int) -> dict[str, Any]:
    return {
        "order_no": order_no,
        "store": STORE,
        "channel": "pos",
        "paid_at": PAID_AT,
        "member_id": member,
        "items": [{"sku": "milk", "quantity": 1, "amount": {"amount": fen}}],
        "paid": {"amount": fen},
    }


def _name(kind: str) -> str:
    return f"{kind}-{uuid.uuid4().hex}"

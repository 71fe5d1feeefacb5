"""A shop in front of the running service: short words for long bodies."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest_asyncio

from chassis.clock import DrivenClock
from chassis.evidence.strongbox import Strongbox
from contracts.events import Product, ProductsChanged, Store, StoresChanged
from points_service.catalogue.subscribers import on_products, on_stores
from points_service.proofs.audit import audit
from points_service.proofs.domain import LEDGER
from testkit.apps import RunningApp

NOON = datetime(2017, 3, 15, 4, tzinfo=UTC)  # 12:00 in the programme's zone


@dataclass
class Shop:
    """The service with a catalogue of skus `milk`, `bread` and store `s1`, at noon of a day."""

    running: RunningApp
    clock: DrivenClock
    ledger_dir: Path
    numbers: list[str] = field(default_factory=list)

    @property
    def client(self) -> httpx.AsyncClient:
        """Calls as admin."""
        return self.running.client

    def order(self, member: UUID | None, yuan: float, **other: Any) -> dict[str, Any]:
        """An order body of one line; `other` replaces fields."""
        fen = round(yuan * 100)
        self.numbers.append(f"o{len(self.numbers)}")
        body: dict[str, Any] = {
            "order_no": self.numbers[-1],
            "store": "s1",
            "channel": "pos",
            "paid_at": self.clock.now().isoformat(),
            "items": [{"sku": "milk", "quantity": 1, "amount": {"amount": fen}}],
            "paid": {"amount": fen},
        }
        if member is not None:
            body["member_id"] = str(member)
        return body | other

    async def buy(self, member: UUID, yuan: float, **other: Any) -> dict[str, Any]:
        """Book an order; its answer."""
        answer = await self.client.post("/v1/orders", json=self.order(member, yuan, **other))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def batch(self, orders: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Book many; their answers."""
        answer = await self.client.post("/v1/orders/batch", json={"orders": orders})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["data"])

    async def get(self, path: str) -> dict[str, Any]:
        """A good answer."""
        answer = await self.client.get(path)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def points(self, member: UUID) -> dict[str, Any]:
        """`GET /v1/members/{id}/points`."""
        return await self.get(f"/v1/members/{member}/points")

    async def redeem(self, member: UUID, points: int, **other: Any) -> httpx.Response:
        """Spend points."""
        body = {"points": points, "reason": "checkout", **other}
        return await self.client.post(f"/v1/members/{member}/redemptions", json=body)

    async def refund(self, order_no: str, refund_no: str, fen: int | None = None) -> httpx.Response:
        """Give an order back."""
        body: dict[str, Any] = {"refund_no": refund_no}
        if fen is not None:
            body["amount"] = {"amount": fen}
        return await self.client.post(f"/v1/orders/{order_no}/refunds", json=body)

    def move(self, to: datetime) -> None:
        """The clock stands at that moment."""
        self.clock.move(to, ticking=False)

    async def tick(self) -> None:
        """Run the jobs that are due."""
        answer = await self.client.post("/internal/tick")
        assert answer.status_code == 200

    async def events(self, subject: str) -> list[dict[str, Any]]:
        """What was told under a subject, oldest first."""
        async with self.running.db.transaction() as tx:
            rows = await tx.fetch(
                "SELECT convert_from(payload, 'UTF8')::jsonb AS body FROM outbox"
                " WHERE subject = $1 ORDER BY id",
                subject,
            )
        return [row["body"] for row in rows]

    async def check_chain(self) -> None:
        """The audit of every entry finds nothing."""
        async with self.running.db.transaction(readonly=True) as tx:
            assert (await audit(tx, Strongbox(self.ledger_dir, LEDGER))).findings == []

    async def check_books(self) -> dict[str, Any]:
        """Every invariant of the books; answers the stats."""
        async with self.running.db.transaction(readonly=True) as tx:
            for name, query in BOOKS.items():
                assert await tx.fetch(query) == [], name
        balance = await self.get("/v1/ledger/trial-balance")
        assert balance["difference"] == 0
        stats = await self.get("/v1/points/stats")
        burnt, back = stats["burnt"] + stats["expired"], stats["reversed"]
        assert stats["issued"] - burnt - back == stats["outstanding"]
        return stats


BOOKS = {
    "every journal adds up to 0": (
        "SELECT journal_id FROM entry GROUP BY journal_id HAVING sum(amount) <> 0"
    ),
    "every journal has entries, every entry a journal and an account": (
        "SELECT 1 FROM journal j FULL JOIN entry e USING (journal_id) LEFT JOIN account a"
        " USING (account_id) WHERE j.kind IS NULL OR e.entry_id IS NULL OR a.kind IS NULL"
    ),
    "a balance is the fold of its entries": (
        "SELECT account_id FROM account a WHERE balance <>"
        " (SELECT coalesce(sum(amount), 0) FROM entry e WHERE e.account_id = a.account_id)"
    ),
    "a member's lots hold the member's balance": (
        "SELECT owner FROM account a WHERE kind = 'member' AND balance <>"
        " (SELECT coalesce(sum(remaining), 0) FROM lot WHERE member_id::text = a.owner)"
    ),
    "points of a lot are where it says": (
        "SELECT lot_id FROM lot WHERE points <> remaining + expired"
        " + (SELECT coalesce(sum(u.points - u.restored), 0) FROM lot_use u"
        " WHERE u.lot_id = lot.lot_id)"
    ),
    "nobody has points to spend and owes some": (
        "SELECT owner FROM account m JOIN account d USING (owner)"
        " WHERE m.kind = 'member' AND d.kind = 'debt' AND m.balance > 0 AND d.balance < 0"
        " AND EXISTS (SELECT FROM lot WHERE member_id::text = owner AND remaining > 0"
        " AND expired_at IS NULL AND expires_at > (SELECT max(posted_at) FROM journal))"
    ),
    "held points are those of open holds": (
        "SELECT owner FROM (SELECT owner, sum(balance) AS balance FROM account"
        " WHERE kind = 'held' GROUP BY owner) a FULL JOIN (SELECT account_owner::text AS owner,"
        " sum(points) AS points FROM hold WHERE status = 'open' GROUP BY account_owner) h"
        " USING (owner) WHERE coalesce(balance, 0) <> coalesce(points, 0)"
    ),
    "an open hold has its points out of lots, a resolved one none": (
        "SELECT hold_id FROM hold WHERE CASE status WHEN 'open' THEN points ELSE 0 END <>"
        " (SELECT coalesce(sum(u.points - u.restored), 0) FROM lot_use u"
        " WHERE u.journal_id = hold_id)"
    ),
    "a hold is resolved once: what was posted is redeemed, the rest went back": (
        "SELECT hold_id FROM hold h LEFT JOIN journal p ON p.kind = 'post'"
        " AND p.ref = hold_id::text LEFT JOIN redemption r ON r.journal_id = p.journal_id"
        " LEFT JOIN journal v ON v.kind = 'void' AND v.ref = hold_id::text"
        " WHERE h.posted <> coalesce(r.points, 0)"
        " OR (v.journal_id IS NOT NULL) <> (status <> 'open' AND h.posted < h.points)"
    ),
    "points that moved have the dates they had": (
        "SELECT t.lot_id FROM lot t JOIN lot f ON f.lot_id = t.moved_from"
        " WHERE (t.expires_at, t.earned_at, t.earned_by)"
        " <> (f.expires_at, f.earned_at, f.earned_by)"
    ),
    "no reward is given out more often than there is": (
        "SELECT reward_id FROM reward r WHERE taken > stock OR taken <>"
        " (SELECT coalesce(sum(quantity), 0) FROM reward_exchange x"
        " WHERE x.reward_id = r.reward_id AND cancelled_at IS NULL)"
    ),
    "growth is the fold of its entries": (
        "SELECT member_id FROM member m WHERE merged_into IS NULL AND growth <>"
        " (SELECT coalesce(sum(g.amount), 0) FROM growth_entry g JOIN member o USING (member_id)"
        " WHERE o.member_id = m.member_id OR o.merged_into = m.member_id)"
    ),
    "a member's months are the fold of the orders": (
        "SELECT id, month FROM (SELECT coalesce(m.merged_into, m.member_id) AS id,"
        " date_trunc('month', o.paid_at AT TIME ZONE 'Asia/Shanghai')::date AS month,"
        " sum(o.paid_fen - o.refunded_fen) AS fen"
        " FROM orders o JOIN member m USING (member_id) GROUP BY 1, 2) o"
        " FULL JOIN (SELECT member_id AS id, month, fen FROM member_month) k USING (id, month)"
        " WHERE coalesce(o.fen, 0) <> coalesce(k.fen, 0)"
    ),
    "who was merged away has nothing": (
        "SELECT owner FROM account a JOIN member m ON m.member_id::text = a.owner"
        " WHERE m.merged_into IS NOT NULL AND a.balance <> 0 AND a.kind <> 'held'"
    ),
    "stored value: the ledger holds what is left of the top-ups": (
        "SELECT account_id FROM stored_value v CROSS JOIN LATERAL (SELECT"
        " coalesce(sum(principal_left), 0) AS principal, coalesce(sum(bonus_left), 0) AS bonus"
        " FROM stored_top_up t WHERE t.account_id = v.account_id) t"
        " WHERE (t.principal, t.bonus) IS DISTINCT FROM"
        " (coalesce((SELECT sum(balance) FROM account WHERE kind = 'stored_principal'"
        " AND owner = v.account_id::text), 0), coalesce((SELECT sum(balance) FROM account"
        " WHERE kind = 'stored_bonus' AND owner = v.account_id::text), 0))"
    ),
    "stored value: money of a top-up is where it says": (
        "SELECT top_up_id FROM stored_top_up t CROSS JOIN LATERAL (SELECT"
        " coalesce(sum(principal - principal_back), 0) AS principal,"
        " coalesce(sum(bonus - bonus_back), 0) AS bonus"
        " FROM stored_use u WHERE u.top_up_id = t.top_up_id) u"
        " WHERE t.principal <> principal_left + refunded + u.principal"
        " OR t.bonus <> bonus_left + bonus_taken + u.bonus"
    ),
    "stored value: a spend is what its uses are": (
        "SELECT spend_id FROM stored_spend s WHERE (principal, bonus, principal_back, bonus_back)"
        " <> (SELECT sum(principal), sum(bonus), sum(principal_back),"
        " sum(bonus_back) FROM stored_use u WHERE u.spend_id = s.spend_id)"
    ),
    "stored value: a statement runs": (
        "SELECT line_id FROM (SELECT line_id, principal_balance, bonus_balance,"
        " sum(principal) OVER w AS principal, sum(bonus) OVER w AS bonus FROM stored_line"
        " WINDOW w AS (PARTITION BY account_id ORDER BY line_id)) l"
        " WHERE principal_balance <> principal OR bonus_balance <> bonus"
    ),
    "what is held by members is held by living ones": (
        "SELECT member_id FROM (SELECT member_id FROM stored_value"
        " UNION ALL SELECT member_id FROM paid_membership UNION ALL SELECT member_id FROM exchange"
        " UNION ALL SELECT member_id FROM package_purchase) h LEFT JOIN member m USING (member_id)"
        " WHERE m.member_id IS NULL OR m.merged_into IS NOT NULL"
    ),
    "stored value: nothing is stored without an account": (
        "SELECT owner FROM account WHERE kind IN ('stored_principal', 'stored_bonus')"
        " AND NOT EXISTS (SELECT FROM stored_value WHERE account_id::text = owner)"
    ),
    "a month of exchanges is the sum of those that stand": (
        "SELECT partner_id FROM exchange_month m WHERE points <> (SELECT coalesce(sum(points), 0)"
        " FROM exchange e WHERE (e.partner_id, e.direction) = (m.partner_id, m.direction)"
        " AND reversed_at IS NULL"
        " AND date_trunc('month', exchanged_at AT TIME ZONE 'Asia/Shanghai')::date = m.month)"
    ),
    "a partner's account is the fold of its exchanges": (
        "SELECT partner_id FROM partner p WHERE (SELECT coalesce(sum(balance), 0) FROM account"
        " WHERE kind = 'partner' AND owner = p.partner_id) <> (SELECT coalesce(sum(CASE direction"
        " WHEN 'out' THEN points ELSE -points END), 0) FROM exchange e"
        " WHERE e.partner_id = p.partner_id AND reversed_at IS NULL)"
    ),
    "vouchers share the price of their package": (
        "SELECT purchase_id FROM package_purchase p WHERE (points, fen) <>"
        " (SELECT sum(v.points), sum(v.fen) FROM package_voucher v"
        " WHERE v.purchase_id = p.purchase_id)"
    ),
    "fees of paid memberships are what was not paid back": (
        "SELECT plan_id FROM paid_membership GROUP BY plan_id HAVING sum(fee_fen - refunded_fen)"
        " <> (SELECT sum(balance) FROM account WHERE kind = 'sales'"
        " AND owner = 'membership:' || plan_id)"
    ),
    "a merged member points at a living one": (
        "SELECT m.member_id FROM member m JOIN member s ON s.member_id = m.merged_into"
        " WHERE s.merged_into IS NOT NULL"
    ),
}


@pytest_asyncio.fixture(loop_scope="session")
async def shop(
    clean: None,
    service_app: Callable[..., Awaitable[RunningApp]],
    clock: DrivenClock,
    tmp_path: Path,
) -> AsyncIterator[Shop]:
    """A clean service at noon."""
    clock.move(NOON, ticking=False)
    running = await service_app("points_service.app", LEDGER_DIR=str(tmp_path))
    async with running.db.transaction() as tx:
        await on_products(tx, [ProductsChanged([Product("milk"), Product("bread")])])
        await on_stores(tx, [StoresChanged([Store("s1"), Store("s2")])])
    yield Shop(running, clock, tmp_path)


@pytest_asyncio.fixture(loop_scope="session")
async def member(shop: Shop) -> UUID:
    """Somebody points has not heard of yet."""
    return uuid4()

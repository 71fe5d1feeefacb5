"""A campaign database with its jobs, driven by hand: midnights, mornings, orders, merges."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from campaign_service.audiences import subscribers as audiences
from campaign_service.campaigns import use_cases as campaigns
from campaign_service.campaigns.domain import Action
from campaign_service.campaigns.use_cases import Move, Office
from campaign_service.decisions import jobs as decision_jobs
from campaign_service.decisions import subscribers as decisions
from campaign_service.decisions.domain import Caps, Policy, QuietHours
from campaign_service.decisions.use_cases import Desk
from campaign_service.deliveries import jobs as delivery_jobs
from campaign_service.deliveries import subscribers as deliveries
from campaign_service.deliveries import use_cases as delivery_cases
from campaign_service.expectations.jobs import jobs as expectation_jobs
from campaign_service.experiments import subscribers as experiments
from campaign_service.links import subscribers as links
from campaign_service.links.domain import Linker
from campaign_service.measurement import jobs as measurement_jobs
from campaign_service.measurement import subscribers as measurement
from campaign_service.measurement import use_cases as reports
from campaign_service.measurement.domain import Terms
from campaign_service.reach import use_cases as reach_cases
from campaign_service.splits import use_cases as splits
from campaign_service.templates.limits import Sms
from campaign_service.triggers import subscribers as triggers
from chassis.database import Database
from contracts.base import Event, Money
from contracts.campaign.budgets import BudgetRequested
from contracts.campaign.offers import PercentOffer
from contracts.campaign.plans import Campaign, CampaignRequest, Scenario
from contracts.campaign.reports import By, CampaignReport
from contracts.classification import Kind
from contracts.events import (
    CouponOffered,
    IdentifierLinked,
    MemberRegistered,
    MembersMerged,
    MembersSplit,
    MessageRequested,
    MessageSent,
    OrdersRecorded,
    RecordedOrder,
)
from contracts.gateway_events import ConsentAnswer, ConsentChanged
from contracts.points_events import BudgetAnswered

ZONE = ZoneInfo("Asia/Shanghai")
QUIET = QuietHours(time(21), time(9), ZONE)
POLICY = Policy(QUIET, {"sms": 5}, Caps(a_day=1, a_week=7))
LINKER = Linker("secret", "https://m.example", "https://shop.example", ["mini.example"])


def at(text: str) -> datetime:
    """`2017-03-01` or `2017-03-01 09:00`, programme time."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


SMS = Sms({"zh": "【会员中心】", "en": "[Members] "}, link=41, most_parts=3)
DESK = Desk(POLICY, SMS)
TERMS = Terms(22.0)
OFFICE = Office(points_per_yuan=100)
OUT = delivery_cases.Out(POLICY, LINKER, SMS)
AT = at("2017-01-01")


@dataclass
class World:
    """What happens to campaign, said shortly. Members are numbers."""

    db: Database
    orders: int = 0
    willing: set[int] = field(default_factory=set)

    async def members(self, *numbers: int) -> None:
        async with self.db.transaction() as tx:
            handler = audiences.SUBSCRIPTIONS[0].handler
            await handler(tx, [MemberRegistered(UUID(int=n), at("2017-01-01")) for n in numbers])
        await self.agree(*numbers)

    async def agree(self, *numbers: int, channel: str = "sms", kind: Kind = Kind.PHONE) -> None:
        """They have a phone, and said yes to marketing by SMS (or another address and channel)."""
        self.willing |= set(numbers)
        await self.answers(True, channel, *numbers)
        linked = [
            IdentifierLinked(UUID(int=n), kind, f"{kind}:{n}", at("2017-01-01"), "registration")
            for n in numbers
        ]
        await self.hear(linked, reach_cases.linked)

    async def answers(self, granted: bool, channel: str, *numbers: int) -> None:
        """They say yes or no to marketing by a channel."""
        said = [ConsentAnswer(UUID(int=n), "marketing", channel, granted) for n in numbers]
        await self.hear([ConsentChanged(said, at("2017-01-01"))], reach_cases.consents)

    async def order(
        self, number: int, paid_at: str, fen: int = 1000, coupons: Sequence[str] = ()
    ) -> None:
        self.orders += 1
        if number not in self.willing:
            await self.agree(number)
        order = RecordedOrder(
            f"o{self.orders}", UUID(int=number), "s1", "pos", at(paid_at), fen, fen // 100, 0, [],
            list(coupons),
        )  # fmt: skip
        await self.hear([OrdersRecorded([order])], audiences.on_orders, measurement.on_orders)

    async def merge(self, *pairs: tuple[int, int]) -> None:
        """(absorbed, survivor) pairs, as one batch."""
        events = [
            MembersMerged(UUID(int=9), UUID(int=b), UUID(int=a), at("2017-02-01"), "phone:x")
            for a, b in pairs
        ]
        await self.hear(
            events, audiences.on_merged, decisions.on_merged, deliveries.on_merged,
            measurement.on_merged, links.on_merged, experiments.on_merged, triggers.on_merged,
        )  # fmt: skip

    async def split(self, survivor: int, restored: int, *members: int) -> None:
        """`restored` (with `members` below it) is taken from `survivor`."""
        event = MembersSplit(
            UUID(int=9), UUID(int=survivor), UUID(int=restored), [UUID(int=n) for n in members],
            [], [], at("2017-02-01"), at("2017-02-02"),
        )  # fmt: skip
        await self.hear([event], splits.follow)

    async def hear(self, events: Sequence[Event], *handlers: Callable[..., Any]) -> None:
        async with self.db.transaction() as tx:
            for handler in handlers:
                await handler(tx, events)

    async def planned(self, name: str = "spring", **plan: Any) -> UUID:
        body = CampaignRequest(
            name=name,
            **{
                "offer": PercentOffer(percent_off=20, valid_days=14),
                "scenario": Scenario.REPURCHASE,
                "control_share": 0.0,
                "budget": Money(amount=100_000),
                **plan,
            },
        )
        async with self.db.transaction() as tx:
            return (await campaigns.plan(tx, OFFICE, "ann", body)).campaign_id

    async def launched(self, name: str = "spring", **plan: Any) -> UUID:
        campaign_id = await self.planned(name, **plan)
        for action, actor in (
            (Action.SUBMIT, "ann"),
            (Action.APPROVE, "bob"),
            (Action.LAUNCH, "ann"),
        ):
            await self.step(campaign_id, action, actor)
            if action is Action.APPROVE:
                await self.reserve()
        return campaign_id

    async def reserve(self, reason: str | None = None) -> None:
        """points answers every budget it was asked for, twice."""
        asked = await self.told(BudgetRequested)
        answers = [
            BudgetAnswered(each.reservation_id, each.campaign_id, reason is None, 0, AT, reason)
            for each in asked
        ]
        await self.hear([*answers, *answers], campaigns.note_answers)

    async def show(self, campaign_id: UUID) -> Campaign:
        async with self.db.transaction(readonly=True) as tx:
            return await campaigns.show(tx, campaign_id)

    async def step(self, campaign_id: UUID, action: Action, actor: str = "ann") -> None:
        async with self.db.transaction() as tx:
            await campaigns.advance(tx, OFFICE, campaign_id, Move(action, actor))

    async def midnight(self, day: str) -> None:
        learning = expectation_jobs(TERMS)
        for job in (*measurement_jobs.JOBS, *learning, *decision_jobs.jobs(DESK)):
            await job.run(self.db, at(day))

    async def release(self, moment: str) -> None:
        for job in delivery_jobs.jobs(OUT):
            await job.run(self.db, at(moment))

    async def day(self, day: str) -> None:
        """A midnight and its nine o'clock."""
        await self.midnight(day)
        await self.release(f"{day} 09:00")

    async def days(self, first: str, count: int) -> None:
        for number in range(count):
            local = datetime.fromisoformat(first) + timedelta(days=number)
            await self.day(local.date().isoformat())

    async def told(self, event: type[Any]) -> list[Any]:
        """Events of a type in the outbox, in order."""
        async with self.db.transaction(readonly=True) as tx:
            rows = await tx.fetch(
                "SELECT payload FROM outbox WHERE subject = $1 ORDER BY id", event.subject
            )
        return [msgspec.json.decode(row["payload"], type=event) for row in rows]

    async def messages(self) -> list[tuple[int, datetime]]:
        """(member, hour) of every message told."""
        return [
            (message.member_id.int, message.requested_at)
            for message in await self.told(MessageRequested)
        ]

    async def codes(self) -> dict[int, str]:
        """Coupon codes by member."""
        return {coupon.member_id.int: coupon.code for coupon in await self.told(CouponOffered)}

    async def answer(self, status: str = "sent", reason: str | None = None) -> None:
        """The gateway answers everything it was told, twice."""
        events = [
            MessageSent(m.delivery_id, status, reason, m.requested_at, m.member_id, m.channel)
            for m in await self.told(MessageRequested)
        ]
        (after,) = (each.handler for each in decisions.afterwards(DESK))
        await self.hear(
            [*events, *events], delivery_cases.record_answers, reach_cases.refused, after
        )

    async def report(self, campaign_id: UUID, by: By | None = None) -> CampaignReport:
        async with self.db.transaction(readonly=True) as tx:
            return await reports.report(tx, campaign_id, Terms(20.0), by)

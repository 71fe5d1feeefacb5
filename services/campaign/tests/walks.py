"""A campaign database with journeys, driven by hand: what happens, and what the clock says."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from services.campaign.tests.world import DESK, World, at

from campaign_service.campaigns.domain import Action
from campaign_service.journeys import jobs, running, subscribers, use_cases
from campaign_service.journeys.domain import Signal
from chassis.bus import Subscription
from contracts.base import Event, Money
from contracts.campaign.journeys import (
    Definition,
    Journey,
    JourneyRequest,
    JourneyVersionRequest,
    MemberJourney,
    Upgrade,
)
from contracts.campaign.plans import Audience, Scenario
from contracts.events import MembersMerged

START = "2017-03-01 10:00"
WELCOME: dict[str, Any] = {
    "entry": {"on": "registered"},
    "exits": [{"on": "consent_withdrawn", "name": "unsubscribed"}],
    "start": "hello",
    "nodes": {
        "hello": {"kind": "message", "next": "first_order"},
        "first_order": {
            "kind": "wait_for", "events": [{"on": "order_paid", "next": "bye"}],
            "within": {"days": 3}, "timeout": "nudge",
        },
        "nudge": {"kind": "message", "next": "bye"},
        "bye": {"kind": "end"},
    },
}  # fmt: skip


@dataclass
class Walks:
    """One journey and its world. Hours count from START."""

    world: World
    journey: Journey | None = None
    told: int = 0
    campaign_id: UUID = field(default_factory=lambda: UUID(int=0))

    def hour(self, hours: float) -> Any:
        return at(START) + timedelta(hours=hours)

    def move(self, hours: float) -> None:
        self.world.db.clock.move(self.hour(hours), ticking=False)  # type: ignore[attr-defined]

    async def plan(self, name: str = "welcome", **plan: Any) -> UUID:
        more = {"scenario": Scenario.FESTIVAL, "audience": Audience(),
                "budget": Money(amount=10_000_000), **plan}  # fmt: skip
        self.campaign_id = await self.world.planned(name, **more)
        return self.campaign_id

    async def lay_out(self, definition: dict[str, Any], **plan: Any) -> Journey:
        """Plan, lay out, approve, launch."""
        self.move(0)
        await self.plan(**plan)
        body = JourneyRequest(
            campaign_id=self.campaign_id, definition=Definition.model_validate(definition)
        )
        async with self.world.db.transaction() as tx:
            self.journey = await use_cases.lay_out(tx, "ann", body)
        for action, actor in (
            (Action.SUBMIT, "ann"), (Action.APPROVE, "bob"), (Action.LAUNCH, "ann"),
        ):  # fmt: skip
            await self.world.step(self.campaign_id, action, actor)
            if action is Action.APPROVE:
                await self.world.reserve()
        return self.journey

    async def change(self, definition: dict[str, Any], upgrade: Upgrade) -> Journey:
        assert self.journey
        body = JourneyVersionRequest(
            definition=Definition.model_validate(definition), upgrade=upgrade
        )
        async with self.world.db.transaction() as tx:
            return await use_cases.change(tx, self.journey.journey_id, "ann", body)

    async def approve(self, version: int, actor: str = "bob") -> Journey:
        assert self.journey
        async with self.world.db.transaction() as tx:
            return await use_cases.approve(tx, self.journey.journey_id, actor, version)

    async def hear(self, *signals: Signal) -> None:
        async with self.world.db.transaction() as tx:
            await running.hear(tx, signals)

    async def tell(self, *events: Event) -> None:
        """As the bus would, to journeys alone."""
        handlers: Sequence[Subscription] = subscribers.SUBSCRIPTIONS
        for event in events:
            for each in handlers:
                if isinstance(event, each.event):
                    async with self.world.db.transaction() as tx:
                        await each.handler(tx, [event])

    async def happens(self, name: str, member: int, hours: float, **properties: Any) -> None:
        self.told += 1
        key = str(self.told)
        if self.hour(hours) > self.world.db.clock.now():
            self.move(hours)
        await self.hear(Signal(name, key, UUID(int=member), self.hour(hours), properties))

    async def tick(self, hours: float) -> None:
        self.move(hours)
        for job in jobs.jobs(DESK):
            if job.name == "journeys":
                await job.run(self.world.db, self.hour(hours))

    async def midnight(self, day: str) -> None:
        self.world.db.clock.move(at(day), ticking=False)  # type: ignore[attr-defined]
        for job in jobs.jobs(DESK):
            await job.run(self.world.db, at(day))

    async def ways(self, member: int) -> list[MemberJourney]:
        """The member's, oldest first."""
        async with self.world.db.transaction(readonly=True) as tx:
            page = await use_cases.of_member(tx, UUID(int=member), None, 200)
        return page.data[::-1]

    async def way(self, member: int) -> list[tuple[str, float]]:
        """(node, hours) of the last way, where it ended or waits as the last."""
        last = (await self.ways(member))[-1]
        steps = [(step.node, (step.at - self.hour(0)).total_seconds() / 3600) for step in last.path]
        return [*steps, (f"*{last.reason or last.node}", 0.0)]

    async def merge(self, *pairs: tuple[int, int]) -> None:
        """(absorbed, survivor) pairs, heard by journeys; `World.merge` has written the aliases."""
        events = [
            MembersMerged(UUID(int=9), UUID(int=b), UUID(int=a), self.hour(0), "phone:x")
            for a, b in pairs
        ]
        await self.world.hear(events, subscribers.on_merged)

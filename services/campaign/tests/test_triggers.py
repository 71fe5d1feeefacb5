"""Each kind of trigger asks about whom it means, for what happened, once, while it is of use."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from pydantic import TypeAdapter, ValidationError
from services.campaign.tests.world import DESK, World, at

from campaign_service.campaigns.domain import Action
from campaign_service.decisions import use_cases as decisions
from campaign_service.rights import use_cases as rights
from campaign_service.triggers import jobs, subscribers
from campaign_service.triggers.domain import all_hold
from campaign_service.triggers.rules import RULES
from chassis.clock import DrivenClock
from chassis.database import Database
from contracts.base import Event
from contracts.behaviour import BackInStock, BehaviourSeen, Interested, Seen, Watch, WatchesChanged
from contracts.campaign.plans import Scenario
from contracts.campaign.triggers import AnyTrigger, PropertyCondition, Trigger
from contracts.events import BirthdaysAnnounced, MemberRegistered, TierChanged
from contracts.gateway_events import ConsentAnswer, ConsentChanged
from contracts.points_events import (
    ChurnRiskRaised,
    PointsExpiring,
    ReferralRewarded,
    TierWarned,
)
from contracts.segments import SegmentEntered, SegmentLeft

NOON = at("2017-04-03 12:00")
TODAY = date(2017, 4, 3)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SEGMENT, OTHER = UUID(int=71), UUID(int=72)
TRIGGER: TypeAdapter[AnyTrigger] = TypeAdapter(Trigger)
Asked = list[tuple[int, datetime, dict[str, Any]]]


def who(number: int) -> UUID:
    return UUID(int=number)


class Triggered(World):
    """A campaign database in which things happen at a given time."""

    def __init__(self, db: Database, clock: DrivenClock) -> None:
        super().__init__(db)
        self.clock = clock

    async def begin(self, trigger: dict[str, Any], name: str = "spring", **plan: Any) -> UUID:
        return await self.launched(name, scenario=Scenario.FESTIVAL, trigger=trigger, **plan)

    async def happen(self, *events: Event, now: datetime = NOON) -> None:
        """All of one type, as they would come in one batch."""
        handlers = {each.event: each.handler for each in subscribers.subscriptions(DESK)}
        async with self.db.transaction() as tx:
            tx.now = now
            await handlers[type(events[0])](tx, events)

    async def tick(self, now: datetime) -> None:
        timed, _ = jobs.jobs(DESK)
        self.clock.move(now, ticking=False)
        await timed.run(self.db, now)

    async def festive(self, day: str) -> None:
        _, daily = jobs.jobs(DESK)
        self.clock.move(at(day), ticking=False)
        await daily.run(self.db, at(day))

    async def asked(self) -> Asked:
        async with self.db.transaction(readonly=True) as tx:
            rows = await tx.fetch(
                "SELECT c.member_id, c.lapse, d.values FROM contact_decision c"
                " LEFT JOIN delivery d USING (delivery_id) WHERE c.outcome <> 'skipped'"
                " ORDER BY c.member_id, c.lapse"
            )
        return [(row["member_id"].int, row["lapse"], row["values"]) for row in rows]

    async def why_not(self, number: int) -> list[str]:
        """The checks that failed, of all decisions about a member."""
        async with self.db.transaction(readonly=True) as tx:
            page = await decisions.explain(tx, who(number), None, 10)
        return [each.check for told in page.data for each in told.checks if not each.passed]

    async def who_was_asked(self) -> list[int]:
        return [member for member, _, _ in await self.asked()]


@pytest_asyncio.fixture(loop_scope="session")
async def triggered(world: World, clock: DrivenClock) -> Triggered:
    await world.members(*range(1, 7))
    return Triggered(world.db, clock)


def seen(number: int, name: str, moment: datetime = NOON, /, **told: Any) -> BehaviourSeen:
    channel = told.pop("channel", None)
    return BehaviourSeen([Seen(who(number), name, moment, channel, told)])


@pytest.mark.parametrize(
    ("trigger", "event", "expected"),
    [
        (
            {"kind": "entered", "segment": str(SEGMENT)},
            [SegmentEntered(SEGMENT, 1, [who(1), who(2)], NOON),
             SegmentEntered(OTHER, 2, [who(3)], NOON)],
            [(1, NOON, {}), (2, NOON, {})],
        ),
        (
            {"kind": "left", "segment": str(SEGMENT)},
            [SegmentLeft(SEGMENT, 1, [who(1)], NOON), SegmentLeft(OTHER, 2, [who(3)], NOON)],
            [(1, NOON, {})],
        ),
        (
            {"kind": "tier_changed", "direction": "up", "to_tiers": ["gold", "diamond"]},
            [TierChanged(who(1), "gold", "silver", "order", NOON, "up"),
             TierChanged(who(2), "gold", "diamond", "review", NOON, "down"),
             TierChanged(who(3), "silver", "regular", "order", NOON, "up")],
            [(1, NOON, {"tier": "gold", "previous_tier": "silver"})],
        ),
        (
            {"kind": "tier_warned", "tiers": ["gold"]},
            [TierWarned(date(2017, 5, 1),
                        [(who(1), "gold", "silver"), (who(2), "silver", "regular")])],
            [(1, at("2017-05-01"),
              {"tier": "silver", "previous_tier": "gold", "expires_on": "2017-05-01"})],
        ),
        (
            {"kind": "churn_risk", "at_least": 0.9},
            [ChurnRiskRaised(TODAY, 90, [(who(1), 0.95), (who(2), 0.85)])],
            [(1, at("2017-04-03"), {})],
        ),
        (
            {"kind": "points_expiring", "days_ahead": 7, "at_least": 100},
            [PointsExpiring(date(2017, 4, 10), 7, [(who(1), 100), (who(2), 99)]),
             PointsExpiring(date(2017, 5, 3), 30, [(who(3), 900)])],
            [(1, at("2017-04-03"), {"points": 100, "expires_on": "2017-04-10", "days": 7})],
        ),
        (
            {"kind": "back_in_stock", "categories": ["奶粉类"], "interest": "viewed"},
            [BackInStock("milk", NOON, [Interested(who(1), viewed=True),
                                        Interested(who(2), bought=True)], "奶粉", "奶粉类"),
             BackInStock("soap", NOON, [Interested(who(3), viewed=True)], "皂", "日化")],
            [(1, NOON, {"goods": [{"title": "奶粉"}]})],
        ),
        (
            {"kind": "birthday", "days_before": 1},
            [BirthdaysAnnounced(date(2017, 4, 4), [who(1)])],
            [(1, at("2017-04-04"), {})],
        ),
        (
            {"kind": "registered", "channels": ["pos"]},
            [MemberRegistered(who(1), NOON, "pos"), MemberRegistered(who(2), NOON, "app")],
            [(1, NOON, {})],
        ),
        (
            {"kind": "referred"},
            [ReferralRewarded(who(1), who(2), NOON)],
            [(1, NOON, {})],
        ),
        (
            {"kind": "referred", "person": "friend"},
            [ReferralRewarded(who(1), who(2), NOON)],
            [(2, NOON, {})],
        ),
        (
            {"kind": "event", "name": "Product Viewed", "channels": ["app"],
             "conditions": [{"property": "category", "one_of": ["母婴"]},
                       {"property": "price", "at_least": 100}]},
            [seen(1, "Product Viewed", channel="app", category="母婴", price=199.0, name="奶粉"),
             seen(2, "Product Viewed", channel="pos", category="母婴", price=199.0),
             seen(3, "Product Viewed", channel="app", category="母婴", price=99.0),
             seen(4, "Product Viewed", channel="app", price=199.0),
             seen(5, "Product Shared", channel="app", category="母婴", price=199.0)],
            [(1, NOON, {"goods": [{"title": "奶粉"}], "topic": "母婴"})],
        ),
        (
            {"kind": "store_entered", "stores": ["s1"]},
            [seen(1, "Store Visited", store="s1", store_name="一楼店", mall="西单", city="北京",
                  nearby=["鞋店", "书店"]),
             seen(2, "Store Entered", store="s2")],
            [(1, NOON, {"store": "一楼店", "place": "西单",
                        "goods": [{"title": "鞋店"}, {"title": "书店"}]})],
        ),
        (
            {"kind": "zone_dwell", "zones": ["母婴"]},
            [seen(1, "Zone Dwelled", zone="母婴", minutes=10.0),
             seen(2, "Zone Dwelled", zone="母婴", minutes=9.5),
             seen(3, "Zone Dwelled", zone="女装", minutes=30.0)],
            [(1, NOON, {"place": "母婴"})],
        ),
    ],
)  # fmt: skip
async def test_whom_each_kind_asks_about(
    triggered: Triggered, trigger: dict[str, Any], event: Sequence[Event], expected: Asked
) -> None:
    await triggered.begin(trigger)
    await triggered.happen(*event)
    await triggered.happen(*event)
    assert await triggered.asked() == expected


def test_every_kind_has_a_rule_or_a_job_of_its_own() -> None:
    kinds = {model.model_fields["kind"].default for model in AnyTrigger.__args__}
    assert kinds == RULES.keys() | {"daily", "festival"}


def test_a_kind_alone_is_its_trigger_and_nonsense_is_refused() -> None:
    assert TRIGGER.validate_python("daily").kind == "daily"
    assert TRIGGER.validate_python("entered").kind == "entered"
    for wrong in ("left", "never", {"kind": "event"}, {"kind": "daily", "x": 1},
                  {"kind": "event", "name": "A", "conditions": [{"property": "phone"}]},
                  {"kind": "event", "name": "A", "conditions": [{"property": "sku"}]}):  # fmt: skip
        with pytest.raises(ValidationError):
            TRIGGER.validate_python(wrong)


@given(
    st.lists(st.sampled_from(["a", "b", "c"]), max_size=2),
    st.none() | st.floats(-5, 5), st.none() | st.floats(-5, 5),
    st.none() | st.sampled_from(["a", "b", "1.0"]) | st.floats(-9, 9),
)  # fmt: skip
def test_conditions_are_what_they_say(
    one_of: list[str], low: float | None, high: float | None, value: Any
) -> None:
    if not one_of and low is None and high is None:
        return
    asked = PropertyCondition(property="value", one_of=one_of, at_least=low, at_most=high)
    number = isinstance(value, float)
    expected = value is not None and (not one_of or str(value) in one_of)
    for bound, holds in (
        (low, number and value >= (low or 0)),
        (high, number and value <= (high or 0)),
    ):
        expected = expected and (bound is None or holds)
    assert all_hold([asked], {} if value is None else {"value": value}) == expected


async def test_what_is_too_long_ago_starts_nothing(triggered: Triggered) -> None:
    await triggered.begin({"kind": "event", "name": "Product Viewed", "within_minutes": 30})
    await triggered.happen(
        seen(1, "Product Viewed", NOON - 30 * MINUTE), seen(2, "Product Viewed", NOON - 31 * MINUTE)
    )
    assert await triggered.who_was_asked() == [1]
    assert "stale" in await triggered.why_not(2)


async def test_only_while_the_campaign_runs(triggered: Triggered) -> None:
    campaign_id = await triggered.begin({"kind": "registered"})
    over = {"ends_on": TODAY - DAY}
    await triggered.begin({"kind": "registered"}, "over", schedule=over)
    await triggered.step(campaign_id, Action.PAUSE)
    await triggered.happen(MemberRegistered(who(1), NOON))
    assert await triggered.asked() == []
    await triggered.step(campaign_id, Action.LAUNCH)
    await triggered.happen(MemberRegistered(who(2), NOON))
    await triggered.step(campaign_id, Action.FINISH)
    await triggered.happen(MemberRegistered(who(3), NOON))
    await triggered.midnight("2017-04-04")  # nobody is picked by the day
    assert await triggered.who_was_asked() == [2]


async def test_profile_is_told_what_to_look_out_for(triggered: Triggered) -> None:
    await triggered.begin({"kind": "event", "name": "A", "within_minutes": 30}, "one")
    two = await triggered.begin({"kind": "event", "name": "A", "within_minutes": 60}, "two")
    await triggered.begin({"kind": "event", "name": "A", "within_minutes": 5}, "three")
    await triggered.begin({"kind": "store_entered"}, "four")
    await triggered.step(two, Action.PAUSE)
    told = await triggered.told(WatchesChanged)
    assert [each.version for each in told] == sorted({each.version for each in told})
    stores = [Watch("Store Entered", 30), Watch("Store Visited", 30)]
    assert [each.watches for each in told] == [
        [Watch("A", 30)], [Watch("A", 60)], [Watch("A", 60), *stores], [Watch("A", 30), *stores],
    ]  # fmt: skip


async def test_a_birthday_that_is_asked_for_on_its_day(triggered: Triggered) -> None:
    await triggered.begin({"kind": "birthday"})
    await triggered.happen(BirthdaysAnnounced(date(2017, 4, 4), [who(1)]))
    await triggered.happen(BirthdaysAnnounced(TODAY, [who(2)]))  # known late
    await triggered.tick(at("2017-04-03 23:59"))
    assert await triggered.who_was_asked() == [2]
    await triggered.tick(at("2017-04-04"))
    await triggered.happen(BirthdaysAnnounced(date(2017, 4, 4), [who(1)]), now=at("2017-04-04"))
    await triggered.tick(at("2017-04-04 01:00"))
    assert [(who, on) for who, on, _ in await triggered.asked()] == [
        (1, at("2017-04-04")), (2, at("2017-04-03")),
    ]  # fmt: skip


COME, GO = "Zone Entered", "Zone Left"
Moves = list[tuple[float, str, str]]  # minutes after noon, what, where


@pytest.mark.parametrize(
    ("moves", "stays"),
    [
        ([(0, COME, "母婴")], [0]),
        ([(0, COME, "母婴"), (10.5, GO, "母婴")], [0]),  # after it was due
        ([(0, COME, "母婴"), (9.9, GO, "母婴")], []),
        ([(0, COME, "母婴"), (5, COME, "女装")], []),
        ([(0, COME, "母婴"), (5, COME, "母婴")], [0]),  # seen again: one stay
        ([(0, COME, "母婴"), (5, GO, "母婴"), (6, COME, "母婴")], [6]),
        ([(0, COME, "女装")], []),  # another zone
        ([(0, GO, "母婴"), (1, COME, "母婴")], [1]),
    ],
)
async def test_a_stay_in_a_zone(triggered: Triggered, moves: Moves, stays: list[float]) -> None:
    """However the moves come: in turn, backwards, all at once late, each twice."""
    events = [seen(1, name, NOON + minute * MINUTE, zone=zone) for minute, name, zone in moves]
    backwards = [BehaviourSeen([replace(each.seen[0], member_id=who(2))]) for each in events]
    await triggered.begin({"kind": "zone_dwell", "zones": ["母婴"], "minutes": 10})
    for each, (minute, _, _) in zip(events, moves, strict=True):
        await triggered.tick(NOON + minute * MINUTE)
        await triggered.happen(each, each, now=NOON + minute * MINUTE)
    for each in reversed(backwards):
        await triggered.happen(each, now=NOON + 9 * MINUTE)
    for minute in (9, 10, 11, 16, 17):
        await triggered.tick(NOON + minute * MINUTE)
    due = [NOON + (minute + 10) * MINUTE for minute in stays]
    expected = [(n, moment, {"place": "母婴"}) for n in (1, 2) for moment in due]
    assert await triggered.asked() == expected


async def test_waits_outlive_the_process_and_are_dropped_when_too_old(
    triggered: Triggered,
) -> None:
    """A wait is a row: nothing is in memory that a restart could lose."""
    await triggered.begin({"kind": "zone_dwell", "minutes": 10, "within_minutes": 30})
    await triggered.happen(
        seen(1, COME, NOON, zone="a"), seen(2, COME, NOON - 5 * MINUTE, zone="a")
    )
    again = Triggered(triggered.db, triggered.clock)  # nothing ran until 36 minutes after 2 was due
    await again.tick(NOON + 36 * MINUTE)
    await again.happen(seen(3, COME, NOON - 5 * MINUTE, zone="a"), now=NOON + 36 * MINUTE)
    await again.tick(NOON + 37 * MINUTE)
    assert [(n, moment) for n, moment, _ in await again.asked()] == [(1, NOON + 10 * MINUTE)]
    for number in (2, 3):
        assert "stale" in await again.why_not(number)


async def test_two_replicas_ask_once(triggered: Triggered) -> None:
    await triggered.begin({"kind": "zone_dwell", "minutes": 10})
    await triggered.happen(*(seen(n, COME, zone="a") for n in range(1, 7)))
    due = NOON + 10 * MINUTE
    await asyncio.gather(*(triggered.tick(due) for _ in range(8)))
    assert await triggered.who_was_asked() == [1, 2, 3, 4, 5, 6]


async def test_a_no_to_recommendations_ends_what_waits_for_behaviour(triggered: Triggered) -> None:
    await triggered.begin({"kind": "zone_dwell", "minutes": 10})
    await triggered.happen(*(seen(n, COME, zone="a") for n in (1, 2, 3)))
    await triggered.merge((3, 4))
    answers = [
        ConsentAnswer(who(n), "personalised_recommendation", None, granted)
        for n, granted in ((1, True), (2, False), (3, False))
    ]
    async with triggered.db.transaction() as tx:
        await rights.changed(tx, [ConsentChanged(answers, NOON)])
        assert await tx.fetchval("SELECT count(*) FROM zone_move") == 1
    await triggered.tick(NOON + 10 * MINUTE)
    assert await triggered.who_was_asked() == [1]


async def test_a_stay_goes_with_the_person(triggered: Triggered) -> None:
    await triggered.begin({"kind": "zone_dwell", "minutes": 10})
    await triggered.happen(seen(1, COME, zone="a"), seen(3, COME, zone="a"))
    await triggered.merge((1, 2), (3, 4))
    await triggered.happen(seen(4, GO, NOON + 5 * MINUTE, zone="a"))
    await triggered.tick(NOON + 10 * MINUTE)
    assert await triggered.who_was_asked() == [2]


async def test_a_festival_comes_round(triggered: Triggered) -> None:
    """From a week before, everybody once; who joins in that week as well; next year again."""
    await triggered.begin({"kind": "festival", "festival": "mid_autumn", "days_before": 7})
    await triggered.festive("2017-09-26")
    assert await triggered.asked() == []
    await triggered.festive("2017-09-27")
    await triggered.festive("2017-09-27")
    mid_autumn = at("2017-10-04")
    values = {"festival": "mid_autumn", "days": 7, "expires_on": "2017-10-04"}
    assert await triggered.asked() == [(n, mid_autumn, values) for n in range(1, 7)]
    await triggered.members(7)
    for day in ("2017-10-04", "2017-10-05"):
        await triggered.festive(day)
    assert (await triggered.asked())[-1] == (7, mid_autumn, {**values, "days": 0})
    await triggered.festive("2018-09-17")
    assert len(await triggered.asked()) == 14

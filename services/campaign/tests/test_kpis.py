"""The KPI board: figures from raw rows, corrected exactly, coloured by targets, told in words."""

import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.campaign.tests.test_surveys import NPS, leave, links, opened, send
from services.campaign.tests.world import World, at

from campaign_service.audiences import subscribers as audiences
from campaign_service.audiences import use_cases as members
from campaign_service.deliveries import subscribers as deliveries
from campaign_service.kpis import board, domain, jobs, reporting, subscribers, use_cases
from campaign_service.kpis.domain import Days, Ratio
from campaign_service.kpis.sources import MEASURES
from campaign_service.surveys import subscribers as surveys
from chassis.clock import DrivenClock, midnight
from chassis.principal import HEADER, Principal
from chassis.problem import Problem
from contracts.campaign import kpis as api
from contracts.daily_figures import DailyFigures, FigureRow
from contracts.events import (
    MembersMerged,
    MessageRequested,
    MessageSent,
    OrderRefunded,
    OrdersRecorded,
    RecordedOrder,
)
from contracts.gateway_events import MessageReported
from contracts.roles import Role
from contracts.segments import SegmentEntered
from testkit.apps import RunningApp

SEGMENT = UUID(int=77)


def bought(no: str, member: int, paid_at: str, fen: int = 1_000, *, store: str = "s1",
           channel: str = "pos") -> RecordedOrder:  # fmt: skip
    return RecordedOrder(no, UUID(int=member), store, channel, at(paid_at), fen, 0, 0, [])


async def orders(world: World, *told: RecordedOrder) -> None:
    await world.hear([OrdersRecorded(list(told))], subscribers.on_orders)


async def refund(world: World, no: str, fen: int, number: str = "r1") -> None:
    event = OrderRefunded(no, number, UUID(int=1), at("2017-05-01"), fen, 0, 0)
    await world.hear([event], use_cases.note_refunds)


async def contact(world: World, number: int, member: int, sent_at: str, cost: int = 5) -> None:
    """A message of a campaign that left, as deliveries have it."""
    async with world.db.transaction() as tx:
        await tx.execute(
            "INSERT INTO kpi_contact SELECT $1, $2, $2, $3, $4, 'sms', $5, true, '{}'",
            UUID(int=number), UUID(int=member), at(sent_at), date.fromisoformat(sent_at[:10]), cost,
        )  # fmt: skip
        await use_cases.note_contacts(tx, [UUID(int=number)])


async def figures(world: World, day: str, **rows: int) -> None:
    """What profile tells: members of `all` as the day ended."""
    told: dict[str, Any] = {
        "high_risk": 0,
        "lost": 0,
        "valued": 0,
        "value_fen": 0,
        "tagged": 0,
        **rows,
    }
    row = FigureRow("all", "", **told)
    await world.hear([DailyFigures(date.fromisoformat(day), [row])], use_cases.note_figures)


async def tick(world: World) -> None:
    await jobs.JOBS[0].run(world.db, world.db.clock.now())


async def shown(
    world: World, first: str, last: str, by: str | None = None
) -> dict[tuple[str, str | None], api.KpiRow]:
    await tick(world)
    async with world.db.transaction(readonly=True) as tx:
        found = await board.board(tx, date.fromisoformat(first), date.fromisoformat(last), by)
    assert not found.waiting
    return {(row.kpi, row.part): row for row in found.data}


def pair(row: api.KpiRow) -> tuple[int, int]:
    return row.numerator, row.denominator


async def test_every_figure_of_a_month(world: World, clock: DrivenClock) -> None:
    clock.move(at("2017-04-01 08:00"), ticking=False)
    await world.members(1, 2, 3)
    async with world.db.transaction() as tx:
        await members.enter(tx, [SegmentEntered(SEGMENT, 1, [UUID(int=1)], at("2017-01-01"))])
    await orders(
        world, bought("a", 1, "2017-02-10 10:00", 2_000), bought("b", 1, "2017-03-05 10:00", 3_000),
        bought("c", 2, "2017-03-06 10:00", 1_000, store="s2", channel="app"),
        bought("d", 2, "2017-03-07 10:00", 500), bought("e", 3, "2017-02-20 10:00", 800),
    )  # fmt: skip
    await contact(world, 1, 1, "2017-03-04 09:00", cost=10)
    await contact(world, 2, 3, "2017-03-04 09:00", cost=10)
    await figures(
        world, "2017-03-31", members=4, high_risk=1, lost=1, valued=2, value_fen=90_000, tagged=3
    )
    await figures(world, "2017-02-28", members=4, lost=0, valued=2, value_fen=80_000, tagged=1)
    found = await shown(world, "2017-03-01", "2017-03-31")
    told = {kpi: pair(row) for (kpi, _), row in found.items()}
    assert told == {
        "active_rate": (2, 4), "conversion": (1, 2), "ticket_size": (4_500, 3),
        "repurchase_rate": (1, 2), "roi": (3_000, 20), "satisfaction": (0, 0), "nps": (0, 0),
        "churn": (2, 4), "ltv": (90_000, 2), "tag_coverage": (3, 4),
    }  # fmt: skip
    assert (found["active_rate", None].value, found["active_rate", None].status) == (50, "green")
    assert (found["churn", None].value, found["churn", None].status) == (50, "red")
    assert found["ltv", None].previous == 40_000 and found["nps", None].value is None
    stores = await shown(world, "2017-03-01", "2017-03-31", "store")
    assert pair(stores["ticket_size", "s1"]) == (3_500, 2)
    assert pair(stores["active_rate", "s2"]) == (1, 4)
    assert pair(stores["conversion", "s1"]) == (1, 2)  # of all contacts
    assert ("churn", "s1") not in stores
    channels = await shown(world, "2017-03-01", "2017-03-31", "channel")
    assert pair(channels["conversion", "sms"]) == (1, 2)
    segments = await shown(world, "2017-03-01", "2017-03-31", "segment")
    assert pair(segments["ticket_size", str(SEGMENT)]) == (3_000, 1)
    months = await shown(world, "2017-02-01", "2017-03-31", "month")
    assert pair(months["ticket_size", "2017-02"]) == (2_800, 2)
    assert pair(months["active_rate", "2017-02"]) == (2, 4)
    assert pair(months["tag_coverage", "2017-02"]) == (1, 4)


async def test_late_orders_and_refunds_correct_past_days(world: World, clock: DrivenClock) -> None:
    clock.move(at("2017-04-20 08:00"), ticking=False)
    await world.members(1, 2)
    await orders(world, bought("a", 1, "2017-03-01 10:00"), bought("b", 2, "2017-03-01 11:00"))
    await contact(world, 1, 2, "2017-03-20 09:00")
    before = await shown(world, "2017-03-01", "2017-04-10")
    assert pair(before["repurchase_rate", None]) == (0, 2)
    assert pair(before["conversion", None]) == (0, 1)
    await orders(world, bought("late", 2, "2017-03-28 10:00", 4_000))
    after = await shown(world, "2017-03-01", "2017-04-10")
    assert pair(after["repurchase_rate", None]) == (1, 2)
    assert pair(after["conversion", None]) == (1, 1) and pair(after["roi", None]) == (4_000, 5)
    await refund(world, "late", 1_000)
    await refund(world, "late", 1_000)  # told twice
    part = await shown(world, "2017-03-01", "2017-04-10")
    assert pair(part["roi", None]) == (3_000, 5) and pair(part["ticket_size", None]) == (5_000, 3)
    await refund(world, "late", 3_000, "r2")
    whole = await shown(world, "2017-03-01", "2017-04-10")
    assert {key: pair(row) for key, row in whole.items()} == {
        key: pair(row) for key, row in before.items()
    }
    await refund(world, "early", 400)  # before its order
    await orders(world, bought("early", 1, "2017-03-03 10:00", 1_000))
    assert pair((await shown(world, "2017-03-03", "2017-03-03"))["ticket_size", None]) == (600, 1)


async def test_a_day_that_is_not_over_is_not_told(world: World, clock: DrivenClock) -> None:
    clock.move(at("2017-03-02 22:00"), ticking=False)
    await orders(world, bought("a", 1, "2017-03-02 10:00"))
    assert (await shown(world, "2017-03-01", "2017-03-01"))["ticket_size", None].value is None
    with pytest.raises(Problem) as raised:
        await shown(world, "2017-03-01", "2017-03-02")
    assert (raised.value.status, raised.value.code) == (422, "day_not_over")
    clock.move(at("2017-03-03 00:01"), ticking=False)
    assert (await shown(world, "2017-03-02", "2017-03-02"))["ticket_size", None].value == 1_000


async def test_merges_and_splits_count_people(world: World, clock: DrivenClock) -> None:
    clock.move(at("2017-05-01 08:00"), ticking=False)
    await world.members(1, 2)
    await orders(world, bought("a", 1, "2017-03-01 10:00"), bought("b", 2, "2017-03-11 10:00"))

    async def repeats() -> tuple[int, int]:
        return pair((await shown(world, "2017-03-01", "2017-04-30"))["repurchase_rate", None])

    assert await repeats() == (0, 2)
    merged = MembersMerged(UUID(int=9), UUID(int=1), UUID(int=2), at("2017-04-01"), "phone:x")
    await world.hear([merged], audiences.on_merged, subscribers.on_merged)
    assert await repeats() == (1, 2)
    await world.split(1, 2)
    assert await repeats() == (0, 2)


async def test_a_year_agrees_with_raw_rows_counted_another_way(
    world: World, clock: DrivenClock
) -> None:
    """Told in any sequence, with ticks between: as if everything had been known at once."""
    chance = random.Random(11)
    first = date(2017, 1, 1)
    told = []
    for number in range(700):
        day = first + timedelta(days=chance.randrange(365))
        moment = f"{day} {chance.randrange(24):02}:{chance.randrange(60):02}"
        told.append(bought(
            f"o{number}", chance.randrange(1, 40), moment, chance.randrange(1, 9_000),
            store=chance.choice(("s1", "s2", "s3")), channel=chance.choice(("pos", "app")),
        ))  # fmt: skip
    chance.shuffle(told)
    await world.members(*range(1, 40))
    for month in (3, 6, 9, 12, 14):  # the clock goes on, and older orders still come
        clock.move(at(f"{2017 + (month - 1) // 12}-{(month - 1) % 12 + 1:02}-28"), ticking=False)
        known = [each for each in told if each.paid_at < world.db.clock.now()]
        known = known[: len(known) if month == 14 else len(known) // 2]
        await orders(world, *known)
        await tick(world)
    found = await shown(world, "2017-02-10", "2017-11-20", "store")
    span = Days(date(2017, 2, 10), date(2017, 11, 20))
    for store in (None, "s1", "s2", "s3"):
        assert pair(found["repurchase_rate", store]) == _repeats(told, span, store)
        mine = [o for o in told if _in(o, span) and store in (None, o.store_id)]
        assert pair(found["ticket_size", store]) == (sum(o.paid_fen for o in mine), len(mine))
    change = (found["ticket_size", None].value or 0) - (found["ticket_size", None].previous or 0)
    effects = [found["ticket_size", store].effect or 0 for store in ("s1", "s2", "s3")]
    assert sum(effects) == pytest.approx(change, abs=0.001)


def _day(order: RecordedOrder) -> date:
    return (order.paid_at + timedelta(hours=8)).date()


def _in(order: RecordedOrder, span: Days, days_later: int = 0) -> bool:
    return span.first <= _day(order) + timedelta(days=days_later) <= span.last


def _repeats(told: Sequence[RecordedOrder], span: Days, store: str | None) -> tuple[int, int]:
    by_member: dict[UUID, list[datetime]] = defaultdict(list)
    for order in told:
        by_member[order.member_id].append(order.paid_at)
    base = [o for o in told if _in(o, span, 30) and store in (None, o.store_id)]
    again = [
        o for o in base
        if any(timedelta() < t - o.paid_at <= timedelta(days=30) for t in by_member[o.member_id])
    ]  # fmt: skip
    return len(again), len(base)


async def test_answers_are_on_the_board(world: World, clock: DrivenClock) -> None:
    clock.move(at("2090-03-01 12:00"), ticking=False)
    await world.members(1, 2, 3)
    await opened(world, **{"key": "board", "questions": NPS["questions"]})
    told = [bought(f"n{n}", n, "2090-03-01 11:00", store="s9") for n in (1, 2, 3)]
    await world.hear([OrdersRecorded(told)], surveys.on_orders)
    await leave(world)
    for number, score in ((1, "10"), (2, "9"), (3, "3")):
        await send(world, (await links(world))[number], recommend=[score])
    clock.move(at("2090-03-02 12:00"), ticking=False)
    row = (await shown(world, "2090-03-01", "2090-03-01", "store"))["nps", "s9"]
    assert pair(row) == (1, 3) and row.value == pytest.approx(33.33, abs=0.01)
    assert row.value and row.low and row.high and row.low < row.value < row.high


async def test_contacts_are_messages_that_arrived(world: World, clock: DrivenClock) -> None:
    clock.move(at("2017-04-20"), ticking=False)
    await world.members(1, 2)
    for number in (1, 2):
        await world.order(number, "2017-01-10")
    await world.launched()
    await world.days("2017-02-10", 1)
    told = await world.told(MessageRequested)
    assert len(told) == 2
    await world.answer()
    sent = [MessageSent(each.delivery_id, "sent", None, each.requested_at) for each in told]
    await world.hear([*sent, *sent], subscribers.on_sent)
    await orders(world, bought("after", told[0].member_id.int, "2017-02-12 10:00", 700))
    found = await shown(world, "2017-02-24", "2017-02-24")
    assert pair(found["conversion", None]) == (1, 2) and pair(found["roi", None]) == (700, 10)
    failed = MessageReported(told[1].delivery_id, "failed", "unreachable", at("2017-02-11"))
    await world.hear([failed], deliveries.on_reported, subscribers.on_reported)
    found = await shown(world, "2017-02-24", "2017-02-24")
    assert pair(found["conversion", None]) == (1, 1) and pair(found["roi", None]) == (700, 5)


async def test_targets_have_versions(world: World) -> None:
    async with world.db.transaction() as tx:
        shipped = await use_cases.target_history(tx)
        assert shipped.current.version == 0 and len(shipped.versions) == 1
        for wrong in ({"nonsense": (1.0, 0.0)}, {"nps": (10.0, 20.0)}, {"churn": (20.0, 10.0)}):
            with pytest.raises(Problem) as raised:
                await use_cases.set_targets(tx, _targets(wrong), "olga")
            assert raised.value.status == 422
        await use_cases.set_targets(tx, _targets({"nps": (50.0, 20.0)}), "olga")
        again = await use_cases.set_targets(tx, _targets({"churn": (5.0, 9.0)}), "otto")
        history = await use_cases.target_history(tx)
    assert [each.version for each in history.versions] == [2, 1, 0]
    assert again.targets["churn"].target == 5 and again.targets["nps"].target == 30
    assert history.versions[1].targets["nps"].target == 50


def _targets(bounds: dict[str, tuple[float, float]]) -> api.KpiTargetsBody:
    return api.KpiTargetsBody.model_validate({
        "targets": {key: {"target": a, "amber": b} for key, (a, b) in bounds.items()}
    })  # fmt: skip


async def test_the_week_is_told_red_ones_first(world: World, clock: DrivenClock) -> None:
    clock.move(at("2017-03-13 08:00"), ticking=False)
    await world.members(1, 2)
    await orders(
        world, bought("a", 1, "2017-02-28 10:00", 9_000), bought("b", 2, "2017-03-07 10:00", 500),
        bought("c", 1, "2017-03-08 10:00", 900, store="s2"),
    )  # fmt: skip
    await figures(world, "2017-03-12", members=2, tagged=2)
    for _ in range(2):
        for job in jobs.JOBS:
            await job.run(world.db, midnight(date(2017, 3, 13)))
    async with world.db.transaction(readonly=True) as tx:
        found = await reporting.reports(tx, None, 10)
    (report,) = found.data
    assert (report.week, report.board.since) == (date(2017, 3, 6), date(2017, 3, 6))
    first = "客单价 7.00 元（红灯，目标 50.00 元），较上周−83.00 元；主要来自门店 s1"
    assert report.zh[0].startswith(first)
    assert report.en[0].startswith("Ticket size 7.00 yuan (red, target 50.00 yuan), −83.00 yuan on")
    assert "标签覆盖率 100.0%（绿灯" in "".join(report.zh)
    assert report.zh[-1].endswith("本周没有数据。")


async def test_the_definition_file_is_whole() -> None:
    known = {name for names in MEASURES.values() for name in names} | {"member_months"}
    for each in domain.definitions().values():
        assert {*each.numerator, *each.denominator} <= known
        assert set(each.shared) <= set(each.parts)
        api.KpiDefinition(**domain.described(each))
        assert domain.bad_targets({each.kpi: (each.target, each.amber)}) == []


_ratio = st.builds(Ratio, st.integers(0, 10_000), st.integers(0, 10_000))


@given(st.dictionaries(st.sampled_from("abcdef"), st.tuples(_ratio, _ratio), min_size=1),
       st.booleans())  # fmt: skip
def test_parts_add_up_to_the_change(parts: Any, shared: bool) -> None:
    definition = domain.definitions()["conversion"]
    wholes: Any = tuple(
        Ratio(sum(pair[n].numerator for pair in parts.values()),
              sum(pair[n].denominator for pair in parts.values()))
        for n in (0, 1)
    )  # fmt: skip
    found = domain.effects(definition, wholes, parts, shared=shared)
    values = [domain.value(definition, each) for each in wholes]
    now, before = values
    if now is None or before is None:
        assert found == {}
    else:
        assert sum(found.values()) == pytest.approx(now - before, rel=1e-6, abs=1e-6)


async def test_the_paths(clean: None, service_app: Callable[..., Awaitable[RunningApp]]) -> None:
    app = await service_app("campaign_service.app")
    headers = {HEADER: Principal(Role.OPERATOR, "olga").header()}

    async def asked(path: str) -> Any:
        answer = await app.client.get(path, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    found = await asked("/v1/kpis?by=channel")
    assert len(found["definitions"]) == len(found["data"]) == 10
    assert {row["value"] for row in found["data"]} == {None} and found["by"] == "channel"
    assert (await asked("/v1/kpis/reports?limit=5"))["data"] == []
    body = {"targets": {"nps": {"target": 50, "amber": 20}}, "note": "higher"}
    put = await app.client.put("/v1/kpi-targets", json=body, headers=headers)
    assert (put.status_code, put.json()["version"], put.json()["changed_by"]) == (200, 1, "olga")
    history = await asked("/v1/kpi-targets")
    assert history["current"]["targets"]["nps"]["target"] == 50
    assert [each["version"] for each in history["versions"]] == [1, 0]
    for query in ("from=2017-03-02&to=2017-03-01", "from=2010-01-01&to=2017-01-01", "by=nothing"):
        assert (await app.client.get(f"/v1/kpis?{query}", headers=headers)).status_code == 422

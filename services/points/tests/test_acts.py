"""Acts: what they bring, streaks, and nothing counted twice however it arrives."""

import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from services.points.tests.conftest import NOON, Shop

from contracts.base import Event
from contracts.classification import Kind
from contracts.events import (
    Activity,
    ActivityBatch,
    IdentifierLinked,
    MemberRegistered,
    MembersMerged,
    SealedIdentifier,
)
from contracts.roles import Role
from points_service.members.subscribers import on_registered
from points_service.merges.subscribers import on_merged
from points_service.programme import Programme
from testkit import eventually, together

DAY = timedelta(days=1)
TWO = {"zh": "名", "en": "name"}


async def register(shop: Shop, *members: UUID, at: datetime = NOON) -> None:
    """As identity tells it."""
    async with shop.running.db.transaction() as tx:
        told = [MemberRegistered(member, at) for member in members]
        await on_registered(Programme()).handler(tx, told)


async def act(shop: Shop, member: UUID, kind: str, **other: Any) -> dict[str, Any]:
    """Tell an act; its answer."""
    body = {"kind": kind, **other}
    answer = await shop.client.post(f"/v1/members/{member}/acts", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def tell(shop: Shop, *events: Event) -> None:
    """As another service would."""
    bus = shop.running.app.state.runtime.bus
    for event in events:
        await bus.publish(event.subject, str(uuid4()), msgspec.json.encode(event))


def mark(kind: Kind, name: str) -> SealedIdentifier:
    """An identifier behind the gateway."""
    return SealedIdentifier(kind, f"{kind}:{name}", "hy1.x")


def happened(
    event: str, message_id: str, *marks: SealedIdentifier, at: datetime = NOON, **other: Any
) -> Activity:
    """A collected track."""
    return Activity(message_id, "track", at, list(marks), event=event, **other)


def batch(*activities: Activity) -> ActivityBatch:
    """A collected batch."""
    return ActivityBatch(str(uuid4()), NOON + 400 * DAY, "app", list(activities))


async def growth(shop: Shop, member: UUID) -> dict[str, int]:
    """Growth by kind."""
    return dict((await shop.get(f"/v1/members/{member}/growth"))["by_kind"])


async def settled(shop: Shop) -> None:
    """Everything that was told has been heard, also what was told because of it."""
    for _ in range(2):
        answer = await shop.client.get("/internal/rest", params={"seconds": 10})
        assert answer.json() == {"rest": True}


async def test_acts_bring_growth(shop: Shop, member: UUID) -> None:
    await register(shop, member)
    told = {"check_in": 5, "share": 20, "questionnaire": 10, "recycle": 10, "social": 10}
    for kind, brings in told.items():
        answer = await act(shop, member, kind)
        assert (answer["growth"], answer["counted"]) == (brings, True), kind
    assert await growth(shop, member) == told
    events = await shop.events("points.growth_gained.v1")
    assert sum(row[2] for event in events for row in event["gains"]) == 55
    await shop.check_books()


async def test_growth_of_acts_climbs_tiers_and_points_make_lots(shop: Shop, member: UUID) -> None:
    rule = {
        "rule_id": "welcome", "name": TWO, "on": "share",
        "effect": {"kind": "fixed", "amount": 30},
    }  # fmt: skip
    assert (await shop.client.post("/v1/earning-rules", json=rule)).status_code == 200
    await shop.buy(member, 490)
    answer = await act(shop, member, "share")
    assert (answer["growth"], answer["points"]) == (20, 30)
    assert (answer["tier"], answer["balance"]) == ("silver", 520)
    tier = await shop.get(f"/v1/members/{member}/tier")
    assert tier["history"][0]["tier"] == "silver"
    await shop.check_books()


async def test_check_in_counts_once_a_day(shop: Shop, member: UUID) -> None:
    await register(shop, member)
    first = await act(shop, member, "check_in")
    again = await act(shop, member, "check_in")
    assert again == first  # the same act, told again
    other = await act(shop, member, "check_in", ref="another")
    assert (other["counted"], other["growth"], other["streak"]) == (False, 0, 1)
    shop.move(NOON + timedelta(hours=11, minutes=59))  # 23:59 in the programme's zone
    assert not (await act(shop, member, "check_in", ref="late"))["counted"]
    shop.move(NOON + timedelta(hours=12))
    tomorrow = await act(shop, member, "check_in")
    assert (tomorrow["growth"], tomorrow["streak"]) == (5, 2)


async def test_a_dry_run_changes_nothing(shop: Shop, member: UUID) -> None:
    await shop.buy(member, 490)
    path = f"/v1/members/{member}/acts"
    would = await shop.client.post(f"{path}?dry_run=true", json={"kind": "share", "ref": "r"})
    assert (would.json()["growth"], would.json()["tier"]) == (20, "silver")
    assert await growth(shop, member) == {"spend": 490}
    assert await act(shop, member, "share", ref="r") == would.json()
    await shop.check_books()


async def test_sixty_four_callers_check_in_once(shop: Shop, member: UUID) -> None:
    await register(shop, member)
    answers = await together(act(shop, member, "check_in", ref=f"r{n % 16}") for n in range(64))
    assert sum(answer["growth"] for answer in answers if answer["counted"]) == 5 * sum(
        answer["counted"] for answer in answers
    )
    assert await growth(shop, member) == {"check_in": 5}
    answers = await together(act(shop, member, "share", ref=f"s{n}") for n in range(64))
    assert sum(answer["growth"] for answer in answers) == 100  # the cap of a day
    await shop.check_books()


async def test_a_member_tells_only_what_members_tell(shop: Shop, member: UUID) -> None:
    await register(shop, member)
    headers = shop.running.headers(Role.MEMBER, member_id=member)

    async def told(**body: Any) -> tuple[int, str | None]:
        path = f"/v1/members/{member}/acts"
        answer = await shop.client.post(path, json=body, headers=headers)
        return answer.status_code, answer.json().get("code")

    assert await told(kind="share") == (403, "not_for_you")
    yesterday = (NOON - DAY).isoformat()
    assert await told(kind="check_in", occurred_at=yesterday) == (422, "long_ago")
    later = (NOON + timedelta(hours=1)).isoformat()
    assert await told(kind="check_in", occurred_at=later) == (422, "in_future")
    assert (await told(kind="check_in"))[0] == 200
    admin = await shop.client.post(f"/v1/members/{member}/acts", json={"kind": "referral"})
    assert admin.status_code == 403
    assert (await told(kind="dance")) == (422, "unknown_act")
    nobody = await shop.client.post(f"/v1/members/{uuid4()}/acts", json={"kind": "share"})
    assert nobody.status_code == 404


async def test_a_ref_is_one_members(shop: Shop, member: UUID) -> None:
    other = uuid4()
    await register(shop, member, other)
    first = await act(shop, member, "share", ref="x")
    assert await act(shop, member, "share", ref="x") == first
    body = {"kind": "share", "ref": "x"}
    answer = await shop.client.post(f"/v1/members/{other}/acts", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "ref_reused")
    assert await growth(shop, member) == {"share": 20}


async def test_members_who_tell_one_ref_at_once_share_no_act(shop: Shop) -> None:
    members = [uuid4() for _ in range(8)]
    await register(shop, *members)
    answers = await together(
        shop.client.post(f"/v1/members/{member}/acts", json={"kind": "share", "ref": "x"})
        for member in members * 4
    )
    assert {answer.status_code for answer in answers} == {200, 409}
    brought = [await growth(shop, member) for member in members]
    assert [each for each in brought if each] == [{"share": 20}]
    await shop.check_books()


async def test_a_streak_is_rewarded_where_a_rule_says_so(shop: Shop, member: UUID) -> None:
    await register(shop, member)
    paused = (await shop.get("/v1/earning-rules/check_in_week"))["versions"][0]["definition"]
    answer = await shop.client.put(
        "/v1/earning-rules/check_in_week", json=paused | {"paused": False}
    )
    assert answer.status_code == 200
    days = list(range(14))
    random.Random(4).shuffle(days)
    shop.move(NOON + 20 * DAY)
    for day in days:
        await act(shop, member, "check_in", occurred_at=(NOON + day * DAY).isoformat())
    assert await growth(shop, member) == {"check_in": 14 * 5 + 2 * 10}


async def test_collected_acts_are_counted_once_in_any_sequence(shop: Shop) -> None:
    member, phone = uuid4(), mark(Kind.PHONE, "a")
    await register(shop, member)
    await tell(shop, IdentifierLinked(member, Kind.PHONE, phone.index, NOON, "staff"))
    await settled(shop)
    activities = [
        happened("Checked In", f"c{n}", phone, at=NOON + (n % 5) * DAY) for n in range(10)
    ]
    activities += [happened("Product Shared", f"s{n}", phone) for n in range(3)]
    activities += [happened("Product Viewed", f"v{n}", phone) for n in range(50)]
    activities += [happened("Recycled", "r", member_id=member)]
    for seed in range(6):
        random.Random(seed).shuffle(activities)
        await tell(shop, batch(*activities[:40]), batch(*activities[20:]))
    await settled(shop)
    assert await growth(shop, member) == {"check_in": 25, "share": 60, "recycle": 10}
    async with shop.running.db.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM dead_letter") == 0
    await shop.check_books()


async def test_acts_wait_until_their_member_is_known(shop: Shop) -> None:
    member, late = uuid4(), uuid4()
    card, device = mark(Kind.CARD_NO, "c"), mark(Kind.DEVICE_ID, "d")
    await tell(shop, batch(happened("Checked In", "1", device, card)))
    await tell(shop, batch(happened("Content Shared", "2", member_id=late)))
    await settled(shop)
    await register(shop, member)
    async with shop.running.db.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM parked_act") == 2
    await tell(shop, IdentifierLinked(member, Kind.DEVICE_ID, device.index, NOON, "activity"))
    await settled(shop)
    assert await growth(shop, member) == {}  # the card is more surely somebody's
    await tell(shop, IdentifierLinked(member, Kind.CARD_NO, card.index, NOON, "staff"))
    await tell(shop, MemberRegistered(late, NOON))
    await settled(shop)
    assert await growth(shop, member) == {"check_in": 5}
    assert await growth(shop, late) == {"share": 20}
    async with shop.running.db.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM parked_act") == 0


async def test_who_is_never_known_is_forgotten(shop: Shop) -> None:
    await tell(shop, batch(happened("Checked In", "1", mark(Kind.PHONE, "x"))))
    await settled(shop)
    await shop.tick()
    shop.move(NOON + 91 * DAY)
    await shop.tick()
    async with shop.running.db.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM parked_act") == 0


async def test_acts_follow_merges(shop: Shop, member: UUID) -> None:
    other = uuid4()
    await register(shop, member, other)
    await act(shop, other, "check_in", occurred_at=(NOON - DAY).isoformat())
    for n in range(4):
        await act(shop, other, "share", ref=f"s{n}")
    async with shop.running.db.transaction() as tx:
        gone = MembersMerged(uuid4(), member, other, NOON, "phone:x")
        await on_merged(Programme()).handler(tx, [gone])
    answer = await act(shop, other, "check_in")
    assert (answer["member_id"], answer["streak"]) == (str(member), 2)
    assert [(await act(shop, member, "share", ref=f"m{n}"))["growth"] for n in (1, 2)] == [20, 0]
    assert (await act(shop, other, "share", ref="s0"))["growth"] == 20  # as the first time
    await shop.check_books()


async def test_an_event_tells_what_planners_say(shop: Shop, member: UUID) -> None:
    await register(shop, member)
    body = {"name": TWO, "events": ["Danced"], "told_by": "staff"}
    assert (await shop.client.put("/v1/act-kinds/dance", json=body)).status_code == 200
    taken = await shop.client.put("/v1/act-kinds/sing", json=body)
    assert taken.json()["errors"][0]["pointer"] == "/events/0"
    rule = {
        "rule_id": "dance", "name": TWO, "on": "dance",
        "effect": {"kind": "fixed", "amount": 3, "gives": "growth"},
    }  # fmt: skip
    assert (await shop.client.post("/v1/earning-rules", json=rule)).status_code == 200
    await tell(shop, batch(happened("Danced", "1", member_id=member)))

    async def danced() -> bool:
        return await growth(shop, member) == {"dance": 3}

    await eventually(danced)
    kinds = {each["kind"] for each in (await shop.get("/v1/act-kinds"))["data"]}
    assert "dance" in kinds and "check_in" in kinds


QUESTIONS: dict[str, Any] = {
    "questionnaire_id": "q1", "name": TWO,
    "questions": [
        {"question": "a", "text": TWO, "options": [
            {"option": "yes", "text": TWO}, {"option": "no", "text": TWO}]},
    ],
}  # fmt: skip


async def test_a_questionnaire_is_answered_once(shop: Shop, member: UUID) -> None:
    await register(shop, member)
    assert (await shop.client.post("/v1/questionnaires", json=QUESTIONS)).status_code == 200
    again = await shop.client.post("/v1/questionnaires", json=QUESTIONS)
    assert again.status_code == 409
    path = f"/v1/members/{member}/questionnaires/q1/answers"

    async def told(answers: dict[str, list[str]]) -> tuple[int, Any]:
        answer = await shop.client.post(path, json={"answers": answers})
        return answer.status_code, answer.json().get("code") or answer.json()["growth"]

    assert await told({"a": ["maybe"]}) == (422, "wrong_answer")
    assert await told({"a": ["yes", "no"]}) == (422, "wrong_answer")
    assert await told({"a": ["yes"], "b": ["no"]}) == (422, "unknown_question")
    results = await together(told({"a": ["yes"]}) for _ in range(8))
    assert sorted(results, key=str) == [(200, 10)] + [(409, "answered_before")] * 7
    assert await growth(shop, member) == {"questionnaire": 10}
    assert len((await shop.get("/v1/questionnaires"))["data"]) == 1


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z"])
async def test_clocks_that_lie_are_not_believed(shop: Shop, member: UUID, at: str) -> None:
    await register(shop, member)
    told = happened("Checked In", "1", at=datetime.fromisoformat(at), member_id=member)
    await tell(shop, ActivityBatch("b", NOON, "app", [told]))
    await settled(shop)
    assert await growth(shop, member) == {"check_in": 5}
    body = {"kind": "share", "occurred_at": at}
    answer = await shop.client.post(f"/v1/members/{member}/acts", json=body)
    assert answer.status_code == 422

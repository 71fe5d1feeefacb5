"""Activities: never over capacity, the waiting list in order, the door, votes, communities, KOC."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from services.campaign.tests.world import World, at

from campaign_service.activities import subscribers, use_cases
from campaign_service.activities.use_cases import Guest
from campaign_service.audiences import use_cases as audiences
from campaign_service.communities import use_cases as communities
from campaign_service.qr import svg
from campaign_service.rights.subscribers import RIGHTS
from campaign_service.splits import use_cases as splits
from campaign_service.tokens import NOBODY, Signer, Token, Use
from chassis.clock import DrivenClock
from chassis.principal import Principal
from chassis.problem import Problem
from contracts import activities as api
from contracts.events import MemberRegistered, MembersMerged, MembersSplit, MessageRequested
from contracts.gateway_events import RightsRequested
from contracts.points_events import GrowthGained, ReferralRewarded
from contracts.roles import Role
from testkit.apps import RunningApp
from testkit.callers import together

SIGNER = Signer("secret", "https://shop.example")
TITLE = {"zh": "烘焙沙龙", "en": "Baking"}


def planned(**more: Any) -> api.ActivityRequest:
    return api.ActivityRequest.model_validate({
        "kind": "salon", "title": TITLE, "starts_at": at("2090-03-05 14:00"),
        "ends_at": at("2090-03-05 16:00"), "capacity": 10, "waiting": 20, **more,
    })  # fmt: skip


async def plan(world: World, **more: Any) -> UUID:
    async with world.db.transaction() as tx:
        return (await use_cases.plan(tx, "ann", planned(**more))).activity_id


async def act(world: World, number: int, action: Callable[..., Awaitable[Any]], *args: Any) -> Any:
    """As this member does it; the code of what went wrong instead of an answer."""
    principal = Principal(Role.MEMBER, f"m{number}", UUID(int=number))
    try:
        async with world.db.transaction() as tx:
            return await action(Guest(tx, SIGNER, principal), *args)
    except Problem as problem:
        return problem.code


async def sign_up(world: World, activity: UUID, number: int, token: str | None = None) -> Any:
    return await act(world, number, use_cases.sign_up, activity, api.SignupRequest(token=token))


async def leave(world: World, activity: UUID, number: int) -> Any:
    return await act(world, number, use_cases.give_back, activity, UUID(int=number))


async def standing(world: World, activity: UUID) -> tuple[list[int], list[int]]:
    """(who has a place, who waits), as rows say; the counters agree with them."""
    async with world.db.transaction(readonly=True) as tx:
        page = await use_cases.signups(tx, SIGNER, activity, None, 200)
        shown = await use_cases.show(tx, activity)
    having = [each.member_id.int for each in page.data if each.status == "confirmed"]
    waiting = [each for each in page.data if each.status == "waiting"]
    assert [each.position for each in waiting] == list(range(1, len(waiting) + 1))
    assert (shown.confirmed, shown.queued) == (len(having), len(waiting))
    return having, [each.member_id.int for each in waiting]


async def test_64_at_once_are_never_more_than_fit(world: World) -> None:
    members = range(1, 65)
    await world.members(*members)
    activity = await plan(world)
    answers = await together([sign_up(world, activity, n) for n in [*members, *members]])
    told = [getattr(each, "status", each) for each in answers]
    having, waiting = await standing(world, activity)
    assert (len(having), len(waiting)) == (10, 20)
    assert told.count("confirmed") == 20 and told.count("full") == 68  # everybody asked twice
    leaving = having[:6] + waiting[3:7]
    await together([leave(world, activity, n) for n in leaving])
    now_having, now_waiting = await standing(world, activity)
    stayed = [n for n in waiting if n not in leaving]
    assert sorted(now_having) == sorted([*having[6:], *stayed[:6]])
    assert now_waiting == stayed[6:]
    messages = await world.told(MessageRequested)
    moved_up = {each.member_id.int for each in messages}
    assert set(stayed[:6]) <= moved_up <= {*stayed[:6], *waiting[:7]}
    assert all(each.purpose == "transactional" and "{name}" in each.text for each in messages)


async def test_comings_and_goings_at_once_leave_no_place_empty_or_double(world: World) -> None:
    members = range(1, 41)
    await world.members(*members)
    activity = await plan(world, capacity=7, waiting=100)
    await together([sign_up(world, activity, n) for n in members])
    again = [sign_up(world, activity, n) for n in members if n % 3]
    await together([*(leave(world, activity, n) for n in members if n % 2), *again])
    having, waiting = await standing(world, activity)
    assert len(having) == 7 and len(set(having + waiting)) == len(having + waiting)


async def test_the_door(world: World, clock: DrivenClock) -> None:
    await world.members(1, 2, 3)
    activity, other = await plan(world, capacity=2), await plan(world)
    until = at("2090-03-06")
    poster = SIGNER.sign(Token(Use.SIGNUP, activity, NOBODY, until))
    door = SIGNER.sign(Token(Use.CHECKIN, activity, NOBODY, until))
    assert (await sign_up(world, activity, 1, poster)).status == "confirmed"
    assert await sign_up(world, other, 1, poster) == "bad_token"
    assert await sign_up(world, activity, 2, door) == "bad_token"
    ticket = (await sign_up(world, activity, 2)).ticket
    assert (await sign_up(world, activity, 3)).ticket is None
    checkin = api.CheckinRequest(token=door)
    assert await act(world, 1, use_cases.check_in, activity, checkin) == "not_open"
    clock.move(at("2090-03-05 12:30"), ticking=False)
    came = await act(world, 1, use_cases.check_in, activity, checkin)
    clock.move(at("2090-03-05 13:30"), ticking=False)
    assert await act(world, 1, use_cases.check_in, activity, checkin) == came
    assert await act(world, 3, use_cases.check_in, activity, checkin) == "no_signup"
    mine = api.CheckinRequest(token=ticket)
    assert await act(world, 2, use_cases.check_in, activity, mine) == "bad_token"  # staff's turn
    async with world.db.transaction() as tx:
        guide = Guest(tx, SIGNER, Principal(Role.GUIDE, "gina"))
        seen = await use_cases.check_in(guide, activity, mine)
    assert seen.member_id == UUID(int=2) and seen.checked_in_at is not None
    clock.move(at("2090-03-05 15:00"), ticking=False)
    assert await sign_up(world, activity, 3) != "too_late"  # waits already: what it has stands
    assert await act(world, 9, use_cases.sign_up, activity, api.SignupRequest()) == "unknown_member"


def test_tokens_are_good_for_what_they_are_and_no_longer() -> None:
    now = at("2090-01-01")
    token = Token(Use.TICKET, UUID(int=5), UUID(int=6), now + timedelta(minutes=1))
    text = SIGNER.sign(token)
    assert SIGNER.read(text, now, Use.TICKET) == token
    assert SIGNER.read(text, now + timedelta(minutes=1), Use.TICKET) is None
    assert SIGNER.read(text, now, Use.SIGNUP, Use.VOTE) is None
    assert Signer("other", "").read(text, now, Use.TICKET) is None
    for place in range(len(text)):
        forged = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        assert SIGNER.read(forged, now, Use.TICKET) is None
    for noise in (None, "", "A", text[:-4], text + "AAAA", "会", "=" * 40):
        assert SIGNER.read(noise, now, Use.TICKET) is None
    assert re.match(r"<svg [^>]*>.*</svg>", svg(SIGNER.address(text)), re.DOTALL)


async def test_one_vote_a_member(world: World) -> None:
    options = [{"option": o, "name": {"zh": o, "en": o}} for o in ("milk", "tea")]
    activity = await plan(world, kind="vote", options=options)
    await world.members(*range(1, 9))

    async def vote(number: int, option: str) -> Any:
        return await act(world, number, use_cases.vote, activity, api.VoteRequest(option=option))

    answers = await together([vote(n, o) for n in range(1, 9) for o in ("milk", "tea") * 2])
    assert answers.count("voted") == 16  # eight members, four tries each, two for the other option
    assert await vote(1, "beer") == "unknown_option"
    async with world.db.transaction(readonly=True) as tx:
        before = await use_cases.votes(tx, activity)
    assert sum(each.votes for each in before.data) == 8
    merged = MembersMerged(UUID(int=9), UUID(int=2), UUID(int=1), at("2017-02-01"), "phone:x")
    await world.merge((1, 2))
    await world.hear([merged], subscribers.on_merged)
    async with world.db.transaction(readonly=True) as tx:
        assert sum(each.votes for each in (await use_cases.votes(tx, activity)).data) == 7
    part = MembersSplit(
        UUID(int=9), UUID(int=2), UUID(int=1), [], [], [], at("2017-02-01"), at("2017-02-02")
    )
    await world.hear([part], splits.follow)
    async with world.db.transaction(readonly=True) as tx:
        assert await use_cases.votes(tx, activity) == before


async def test_who_is_erased_frees_the_place(world: World) -> None:
    await world.members(1, 2, 3)
    activity = await plan(world, capacity=1)
    for number in (1, 2):
        await sign_up(world, activity, number)
    asked = RightsRequested(UUID(int=7), "erase", [UUID(int=1)], at("2017-04-01"))
    await world.hear([asked], RIGHTS.answer)
    await sign_up(world, activity, 3)
    assert await standing(world, activity) == ([2], [3])


async def test_communities_and_whom_others_follow(world: World) -> None:
    await world.members(*range(1, 8))
    brought = [(1, 2), (1, 3), (2, 4), (4, 5), (5, 6), (7, 7)]
    now = world.db.clock.now()
    await world.hear(
        [ReferralRewarded(UUID(int=a), UUID(int=b), now) for a, b in brought] * 2,
        communities.on_rewarded,
    )
    gains = [(UUID(int=3), "share", 20, 0), (UUID(int=3), "checkin", 5, 0)]
    await world.hear([GrowthGained(gains, now)], communities.on_gained)
    name = api.CommunityRequest.model_validate({"name": {"zh": "烘焙", "en": "Baking"}})
    async with world.db.transaction() as tx:
        found = (await communities.advocates(tx, 10)).data
        await communities.put(tx, "baking", name)
        await communities.join(tx, UUID(int=1), "baking")
        await communities.join(tx, UUID(int=1), "baking")
        joined = await communities.join(tx, UUID(int=2), "baking")
        left = await communities.leave(tx, UUID(int=1), "baking")
        with pytest.raises(Problem, match="unknown_community"):
            await communities.join(tx, UUID(int=1), "chess")
        all_of_them = await communities.listed(tx)
    assert [(each.member_id.int, each.direct, each.reach, each.shares, each.score)
            for each in found] == [
        (1, 2, 4, 0, 14), (2, 1, 3, 0, 9), (4, 1, 2, 0, 7), (5, 1, 1, 0, 5), (3, 0, 0, 1, 1),
    ]  # fmt: skip
    assert joined.data[0].members == 2 and left.data == []
    assert [(each.interest, each.members) for each in all_of_them.data] == [("baking", 1)]


async def test_the_paths(
    clean: None, clock: DrivenClock, service_app: Callable[..., Awaitable[RunningApp]]
) -> None:
    app = await service_app("campaign_service.app")

    async def call(method: str, path: str, role: Role, body: Any = None) -> httpx.Response:
        headers = app.headers(role)
        return await app.client.request(method, path, json=body, headers=headers)

    async with app.db.transaction() as tx:
        await audiences.register(tx, [MemberRegistered(UUID(int=5), at("2017-01-01"))])
    body = planned().model_dump(mode="json")
    made = (await call("POST", "/v1/activities", Role.PLANNER, body)).json()
    path = f"/v1/activities/{made['activity_id']}"
    assert (await call("GET", path, Role.GUIDE)).json() == made
    late = {**body, "ends_at": body["starts_at"]}
    assert (await call("POST", "/v1/activities", Role.PLANNER, late)).status_code == 422
    code = (await call("POST", f"{path}/codes", Role.GUIDE, {"use": "signup"})).json()
    assert code["url"].endswith(f"/s/{code['token']}") and code["svg"].startswith("<svg")
    whose = {"member_id": str(UUID(int=5)), "token": code["token"]}
    place = await call("POST", f"{path}/signups", Role.GUIDE, whose)
    assert (place.status_code, place.json()["status"]) == (201, "confirmed")
    nobody = await call("POST", f"{path}/signups", Role.GUIDE, {})
    assert (nobody.status_code, nobody.json()["code"]) == (422, "member_missing")
    listed = (await call("GET", f"{path}/signups", Role.PLANNER)).json()["data"]
    assert [(each["member_id"], each["ticket"]) for each in listed] == [(str(UUID(int=5)), None)]
    own = (await call("GET", f"/v1/members/{UUID(int=5)}/signups", Role.GUIDE)).json()["data"]
    assert own[0]["ticket"]
    gone = await call("DELETE", f"{path}/signups/{UUID(int=5)}", Role.GUIDE)
    assert gone.json()["status"] == "cancelled"
    unknown = await call("GET", f"/v1/activities/{UUID(int=1)}", Role.GUIDE)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_activity")

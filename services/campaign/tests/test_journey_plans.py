"""Journeys before anybody walks them: what is refused, and where it says the fault is."""

from typing import Any

import pytest
import pytest_asyncio
from services.campaign.tests.walks import WELCOME, Walks
from services.campaign.tests.world import World

from campaign_service.campaigns.domain import Action
from campaign_service.journeys import checking, use_cases
from campaign_service.templates.use_cases import ship
from chassis.clock import DrivenClock
from chassis.problem import Problem
from contracts.campaign.journey_nodes import MessageNode
from contracts.campaign.journeys import Definition, JourneyRequest, Upgrade
from contracts.campaign.plans import ContentRef
from contracts.events import CouponOffered, MessageRequested

END = {"kind": "end"}


@pytest_asyncio.fixture(loop_scope="session")
async def walks(world: World, clock: DrivenClock) -> Walks:
    return Walks(world)


def found(nodes: dict[str, Any], start: str = "a", **more: Any) -> set[tuple[str, str]]:
    definition = Definition.model_validate({"start": start, "nodes": nodes, **more})
    return {(each.pointer, each.code) for each in checking.faults(definition)}


def message(to: str) -> dict[str, Any]:
    return {"kind": "message", "next": to}


def test_what_is_wrong_is_said_with_its_place() -> None:
    assert found({"a": message("z")}) == {("/nodes/a/next", "unknown_node")}
    assert found({"a": END}, "z") == {("/start", "unknown_node")}
    assert found({"a": END, "b": END}) == {("/nodes/b", "unreachable")}
    around = {"a": message("b"), "b": message("a")}
    assert found(around) == {("/nodes/a", "endless"), ("/nodes/b", "endless")}
    arms = [{"arm": "x", "percent": 50, "next": "b"}, {"arm": "x", "percent": 40, "next": "b"}]
    assert found({"a": {"kind": "split", "arms": arms}, "b": END}) == {
        ("/nodes/a/arms", "not_whole"), ("/nodes/a/arms", "same_name"),
    }  # fmt: skip
    where = [{"property": "colour", "any_of": ["red"]}, {"property": "store"}]
    exits = [{"on": "order_paid", "where": where, "name": "bought"}]
    assert found({"a": END}, exits=exits) == {
        ("/exits/0/where/0/property", "unknown_property"), ("/exits/0/where/1", "no_condition"),
    }  # fmt: skip
    cases = [{"when": {}, "next": "b"}]
    branch = {"kind": "branch", "cases": cases, "otherwise": "b"}
    assert found({"a": branch, "b": END}) == {("/nodes/a/cases/0/when", "no_condition")}


def test_going_round_with_a_wait_is_fine() -> None:
    wait = {"kind": "wait", "span": {"days": 30}, "next": "a"}
    assert found({"a": message("b"), "b": wait}) == set()
    assert found(WELCOME["nodes"], WELCOME["start"], entry=WELCOME["entry"]) == set()


@pytest.mark.parametrize("span", [{}, {"days": 401}, {"minutes": -1}])
def test_waits_are_bounded(span: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"minute|equal"):
        found({"a": {"kind": "wait", "span": span, "next": "b"}, "b": END})


async def refused(call: Any) -> tuple[int, str]:
    with pytest.raises(Problem) as problem:
        await call
    return problem.value.status, problem.value.code


async def test_a_version_waits_for_somebody_else(walks: Walks) -> None:
    await walks.lay_out(WELCOME)
    assert await refused(walks.approve(1)) == (409, "wrong_step")
    changed = {**WELCOME, "exits": []}
    await walks.change(changed, Upgrade())
    assert await refused(walks.approve(2, "ann")) == (403, "own_version")
    await walks.change(changed, Upgrade())
    assert await refused(walks.approve(2)) == (409, "wrong_version")
    assert (await walks.approve(3)).running == 3
    gone = {**WELCOME, "nodes": {"hello": message("bye"), "bye": END}}
    assert await refused(walks.change(gone, Upgrade(rule="move"))) == (422, "bad_journey")
    move = Upgrade(rule="move", nodes={"first_order": "bye", "nudge": "bye"})
    assert (await walks.change(gone, move)).proposed == 4
    await walks.world.step(walks.campaign_id, Action.FINISH)
    assert await refused(walks.change(changed, Upgrade())) == (409, "campaign_finished")


async def test_a_journey_is_part_of_a_planned_campaign(walks: Walks) -> None:
    journey = await walks.lay_out(WELCOME)
    assert (journey.running, journey.proposed, journey.campaign) == (1, None, "welcome")
    again = JourneyRequest(
        campaign_id=walks.campaign_id, definition=Definition.model_validate(WELCOME)
    )
    async with walks.world.db.transaction() as tx:
        assert await refused(use_cases.lay_out(tx, "ann", again)) == (409, "not_planned")
    second = again.model_copy(update={"campaign_id": await walks.plan("second")})
    async with walks.world.db.transaction() as tx:
        await use_cases.lay_out(tx, "ann", second)
        assert await refused(use_cases.lay_out(tx, "ann", second)) == (409, "journey_exists")


def saying(template: str, **more: Any) -> dict[str, Any]:
    return {**message("bye"), "content": {"template": template}, **more}


async def test_what_a_message_says_of_its_own_has_to_be_sayable(walks: Walks) -> None:
    await ship(walks.world.db)
    nodes = {
        "a": {**saying("nothing"), "next": "b"},
        "b": {**saying("daily-life", channels=["email"]), "next": "c"},
        "c": {**saying("welcome", with_offer=False), "next": "d"},
        "d": saying("daily-life", with_offer=False),
        "bye": END,
    }  # fmt: skip
    body = JourneyRequest(
        campaign_id=await walks.plan(),
        definition=Definition.model_validate({**WELCOME, "start": "a", "nodes": nodes}),
    )
    async with walks.world.db.transaction() as tx:
        with pytest.raises(Problem) as problem:
            await use_cases.lay_out(tx, "ann", body)
    assert [(each.pointer, each.code) for each in problem.value.errors] == [
        ("/definition/nodes/a/content/template", "unknown_template"),
        ("/definition/nodes/b/channels/0", "no_content"),
        ("/definition/nodes/c/with_offer", "cannot_be_said"),
    ]


async def test_messages_say_what_is_theirs_and_leave_the_offer_to_others(walks: Walks) -> None:
    await ship(walks.world.db)
    goods = {"goods": [{"title": "牛奶"}]}
    nodes = {
        "hello": {**saying("daily-life", with_offer=False, values=goods), "next": "later"},
        "later": {"kind": "wait", "span": {"hours": 48}, "next": "gift"},
        "gift": message("bye"),
        "bye": END,
    }  # fmt: skip
    made = await walks.lay_out({**WELCOME, "start": "hello", "nodes": nodes, "exits": []})
    hello = made.definition.nodes["hello"]
    assert isinstance(hello, MessageNode) and hello.content == ContentRef(
        template="daily-life", version=1
    )
    await walks.world.members(1)
    await walks.happens("registered", 1, 0)
    await walks.tick(0)
    await walks.world.release("2017-03-01 10:00")
    assert "牛奶" in (await walks.world.told(MessageRequested))[0].text
    assert await walks.world.told(CouponOffered) == []
    await walks.tick(48)
    await walks.world.release("2017-03-03 10:00")
    (coupon,) = await walks.world.told(CouponOffered)
    assert coupon.code in (await walks.world.told(MessageRequested))[1].text

"""What ships ready can be copied, approved and sent as it is; templates say it in every channel."""

from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from pydantic import TypeAdapter
from services.campaign.tests.world import OFFICE, SMS, World

from campaign_service.campaigns import repository as campaigns
from campaign_service.campaigns.domain import Action
from campaign_service.campaigns.rules import PLAYBOOKS
from campaign_service.deliveries import texts
from campaign_service.deliveries.domain import Held
from campaign_service.library.use_cases import copy, shipped
from campaign_service.templates.use_cases import ship
from chassis.problem import Problem
from contracts.campaign.library import ReadyCopyRequest
from contracts.campaign.offers import Offer
from contracts.campaign.plans import ContentRef, Scenario
from contracts.classification import Kind
from contracts.events import CouponOffered, MessageRequested

OFFER: TypeAdapter[Any] = TypeAdapter(Offer)


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def templates(world: World) -> None:
    await ship(world.db)


def test_all_scenarios_of_the_book_and_the_moment_are_there() -> None:
    assert {each.plan.scenario for each in shipped().values()} == set(Scenario) == set(PLAYBOOKS)
    assert len(shipped()) == 11


@pytest.mark.parametrize("key", list(shipped()))
async def test_a_copy_is_a_plan_that_can_be_sent(world: World, key: str) -> None:
    needs = [UUID(int=n) for n, _ in enumerate(shipped()[key].needs)]
    async with world.db.transaction() as tx:
        body = ReadyCopyRequest(segments=needs)
        made = await copy(tx, OFFICE, "ann", key, body, dry_run=False)
    for action, actor in ((Action.SUBMIT, "ann"), (Action.APPROVE, "bob")):
        await world.step(made.campaign_id, action, actor)
    await world.reserve()
    await world.step(made.campaign_id, Action.LAUNCH)
    async with world.db.transaction() as tx:
        campaign = await campaigns.get(tx, made.campaign_id)
        assert campaign is not None
        script = await texts.script(tx, campaign)
    for channel in campaign.plan.channels:
        for language in ("zh", "en"):
            held = Held(UUID(int=1), made.campaign_id, UUID(int=2), language, channel, {})
            text = texts.written(
                held,
                campaign,
                script,
                SMS,
                code="ABCD2345EFGH",
                link="https://m.example/l/abcdefgh",
            )
            assert text.fault is None, (channel, language, text.fault)


async def test_a_template_leaves_as_its_channel_takes_it(world: World) -> None:
    offer = OFFER.validate_python({"percent_off": 20, "valid_days": 7})
    await world.launched(offer=offer, content=ContentRef(template="birthday"), channels=["wechat"])
    await world.members(1)
    await world.agree(1, channel="wechat", kind=Kind.WECHAT_OPENID)
    await world.order(1, "2017-03-01 10:00")
    await world.day("2017-04-01")
    [message], [coupon] = await world.told(MessageRequested), await world.told(CouponOffered)
    assert message.template == "birthday"
    assert message.fields == {
        "thing1": "生日祝福", "thing2": "8折生日券", "character_string3": coupon.code,
        "thing4": "7天内有效",
    }  # fmt: skip


async def test_the_version_handed_in_is_the_one_that_is_sent(world: World) -> None:
    campaign_id = await world.planned(content=ContentRef(template="repurchase"))
    await world.step(campaign_id, Action.SUBMIT)
    async with world.db.transaction() as tx:
        campaign = await campaigns.get(tx, campaign_id)
    assert campaign is not None and isinstance(campaign.plan.content, ContentRef)
    assert campaign.plan.content.version == 1


@pytest.mark.parametrize(
    ("plan", "pointer"),
    [
        ({"content": ContentRef(template="nothing")}, "/content/template"),
        ({"content": ContentRef(template="repurchase"), "channels": ["call"]}, "/channels/0"),
        ({"content": ContentRef(template="repurchase", variant="z")}, "/channels/0"),
        ({"content": ContentRef(template="birthday"), "offer": {"kind": "none"}}, "/offer"),
    ],
)
async def test_a_plan_that_its_template_cannot_say_is_refused(
    world: World, plan: dict[str, Any], pointer: str
) -> None:
    if "offer" in plan:
        plan = {**plan, "offer": OFFER.validate_python(plan["offer"])}
    with pytest.raises(Problem) as refused:
        await world.planned(**plan)
    assert [error.pointer for error in refused.value.errors] == [pointer]


async def test_a_copy_without_the_segments_it_needs_is_refused(world: World) -> None:
    with pytest.raises(Problem) as refused:
        async with world.db.transaction() as tx:
            await copy(tx, OFFICE, "ann", "uplift", ReadyCopyRequest(), dry_run=False)
    assert refused.value.code == "segments_needed"

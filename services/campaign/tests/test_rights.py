"""What members say no to stops here as well; what they claim is answered."""

from uuid import UUID

from services.campaign.tests.world import World, at

from campaign_service.rights.subscribers import RIGHTS
from campaign_service.rights.use_cases import changed
from contracts.gateway_events import ConsentAnswer, ConsentChanged, RightsAnswered, RightsRequested


async def answers(world: World, number: int, purpose: str, *, granted: bool) -> None:
    channel = "sms" if purpose == "marketing" else None
    told = ConsentAnswer(UUID(int=number), purpose, channel, granted)
    await world.hear([ConsentChanged([told], at("2017-04-01"))], changed)


async def claims(world: World, kind: str, *numbers: int) -> RightsAnswered:
    members = [UUID(int=number) for number in numbers]
    event = RightsRequested(UUID(int=77), kind, members, at("2017-04-01"))
    await world.hear([event], RIGHTS.answer)
    told: RightsAnswered = (await world.told(RightsAnswered))[-1]
    return told


async def statuses(world: World) -> list[tuple[str, str | None]]:
    async with world.db.transaction() as tx:
        rows = await tx.fetch("SELECT status, reason FROM delivery ORDER BY seq")
    return [tuple(row) for row in rows]


async def test_a_no_stops_messages_that_wait(world: World) -> None:
    await world.launched()
    for number in (1, 2, 3):
        await world.order(number, "2017-03-01")
    await world.midnight("2017-04-01")
    await world.merge((3, 4))
    await answers(world, 1, "marketing", granted=False)
    await answers(world, 3, "marketing", granted=False)  # told by the id it was before
    await answers(world, 2, "marketing", granted=True)
    await world.release("2017-04-01 09:00")
    assert [member for member, _ in await world.messages()] == [2]
    stopped = ("withdrawn", "consent_withdrawn")
    assert await statuses(world) == [stopped, ("requested", None), stopped]


async def test_who_objects_is_picked_by_no_machine(world: World) -> None:
    await world.launched()
    for number in (1, 2):
        await world.order(number, "2017-03-01")
    await claims(world, "object", 1)
    await claims(world, "object", 1)  # once more changes nothing
    await world.merge((1, 3))
    await world.day("2017-04-01")
    assert [member for member, _ in await world.messages()] == [2]
    await world.answers(True, "sms", 3)  # as the gateway tells of a survivor
    await answers(world, 3, "personalised_recommendation", granted=True)
    await world.day("2017-04-02")
    assert [member for member, _ in await world.messages()] == [2, 3]


async def test_a_member_sees_everything_and_is_forgotten(world: World) -> None:
    await world.launched()
    await world.members(1)
    await world.order(1, "2017-03-01")
    await world.midnight("2017-04-01")
    await world.order(1, "2017-04-01 08:00")
    copy = await claims(world, "copy", 1)
    assert (copy.service, copy.part, copy.parts) == ("campaign", 1, 1)
    assert set(copy.sections) == {
        "member", "contactable", "contact_decision", "delivery", "purchase",
    }  # fmt: skip
    done = await claims(world, "erase", 1)
    assert done.sections == {}
    assert await statuses(world) == [("withdrawn", "erased")]
    left = await claims(world, "copy", 1)
    assert set(left.sections) == {"contact_decision", "delivery"}  # figures, by a bare id
    await claims(world, "erase", 1)
    await world.day("2017-04-02")
    assert await world.messages() == []

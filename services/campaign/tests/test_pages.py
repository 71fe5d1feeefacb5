"""Votes and invitations by link, posters that only tell, and the inner paths the gateway asks."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

import msgspec
from services.campaign.tests.test_activities import SIGNER, plan, standing
from services.campaign.tests.world import World, at

from campaign_service.activities import use_cases as activities
from campaign_service.pages import use_cases as pages
from campaign_service.pages.words import WORDS
from campaign_service.tokens import NOBODY, Token, Use
from chassis.clock import DrivenClock
from contracts import activities as api
from contracts.pages import PageForm, PageSent
from testkit.apps import RunningApp
from testkit.callers import together

OPTIONS = [{"option": o, "name": {"zh": f"{o}票", "en": o}} for o in ("milk", "tea")]
UNTIL = at("2090-03-05 14:00")


def link(use: Use, activity: UUID, number: int | None = None) -> str:
    member = UUID(int=number) if number else NOBODY
    return SIGNER.sign(Token(use, activity, member, UNTIL))


async def look(world: World, token: str, language: str = "en") -> PageForm:
    async with world.db.transaction(readonly=True) as tx:
        return await pages.look(tx, SIGNER, token, language)


async def send(world: World, token: str, **fields: Sequence[str]) -> PageForm:
    async with world.db.transaction() as tx:
        return await pages.send(tx, SIGNER, token, "en", fields)


async def test_a_vote_by_link_counts_once(world: World) -> None:
    await world.members(1, 2)
    activity = await plan(world, kind="vote", options=OPTIONS)
    token = link(Use.VOTE, activity, 1)
    form = await look(world, token)
    assert form.language == "zh"  # the member's, not the browser's
    assert [each.label for each in form.questions[0].options] == ["milk票", "tea票"]
    assert (await send(world, token)).questions[0].fault
    assert (await send(world, token, option=["beer"])).questions[0].fault
    said = await together([send(world, token, option=[each]) for each in ("milk", "tea") * 4])
    texts = [each.text[0] for each in said]
    zh = WORDS["zh"]
    assert texts.count(zh["vote_thanks"]) == texts.count(zh["voted"]) == 4
    async with world.db.transaction(readonly=True) as tx:
        result = await activities.votes(tx, activity)
    assert sum(each.votes for each in result.data) == 1


async def test_an_invitation_signs_up_with_one_press(world: World, clock: DrivenClock) -> None:
    clock.move(at("2090-03-01"), ticking=False)
    await world.members(1, 2, 3)
    place = {"zh": "一楼中庭", "en": "Atrium"}
    activity = await plan(world, capacity=1, waiting=1, place=place)
    form = await look(world, link(Use.INVITATION, activity, 1))
    assert form.text == ["时间：3月5日14:00", "地点：一楼中庭"] and form.button == "报名"
    assert await standing(world, activity) == ([], [])
    texts = [(await send(world, link(Use.INVITATION, activity, n))).text[0] for n in (1, 1, 2, 3)]
    zh = WORDS["zh"]
    assert texts == [zh["confirmed"]] * 2 + [zh["waiting"].format(position=1), zh["full"]]
    assert await standing(world, activity) == ([1], [2])


async def test_a_poster_tells_and_signs_nobody_up(world: World) -> None:
    activity = await plan(world)
    for use in (Use.SIGNUP, Use.CHECKIN):
        form = await look(world, link(use, activity))
        assert form.text == ["When: 5 March 14:00", WORDS["en"]["in_app"]] and form.button is None
        assert await send(world, link(use, activity)) == form
    assert await standing(world, activity) == ([], [])


async def test_both_languages_say_everything() -> None:
    assert WORDS["zh"].keys() == WORDS["en"].keys()


async def test_the_inner_paths(
    clean: None, service_app: Callable[..., Awaitable[RunningApp]]
) -> None:
    app = await service_app("campaign_service.app")
    signer = app.app.state.signer
    body = api.ActivityRequest.model_validate({
        "kind": "salon", "title": {"zh": "沙龙", "en": "Salon"}, "starts_at": UNTIL,
        "ends_at": at("2090-03-05 16:00"), "capacity": 2,
    })  # fmt: skip
    async with app.db.transaction() as tx:
        activity = (await activities.plan(tx, "ann", body)).activity_id
        await tx.execute(
            "INSERT INTO member (member_id, language, orders) VALUES ($1, 'en', 0)", UUID(int=1)
        )
    token = signer.sign(Token(Use.INVITATION, activity, UUID(int=1), UNTIL))
    path = f"/internal/pages/{token}?language=zh"
    form = msgspec.json.decode((await app.client.get(path)).content, type=PageForm)
    assert (form.language, form.title, form.button) == ("en", "Salon", "Sign up")
    sent: Any = msgspec.json.encode(PageSent({}))
    for _ in range(2):
        done = msgspec.json.decode(
            (await app.client.post(path, content=sent)).content, type=PageForm
        )
        assert done.text == [WORDS["en"]["confirmed"]]
    assert (await app.client.get(f"{path[:-12]}-x?language=zh")).status_code == 404
    stranger = signer.sign(Token(Use.INVITATION, activity, UUID(int=9), UNTIL))
    gone = await app.client.post(f"/internal/pages/{stranger}?language=zh", content=sent)
    assert (gone.status_code, gone.json()["code"]) == (404, "unknown_member")

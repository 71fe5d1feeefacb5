"""Invitations that members make: words that may stand, links, guests who count once."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.campaign.tests.test_activities import SIGNER, act, plan
from services.campaign.tests.test_pages import look
from services.campaign.tests.world import World, at

from campaign_service.activities import use_cases as activities
from campaign_service.communities import use_cases as communities
from campaign_service.invitations import domain, repository, use_cases
from campaign_service.invitations.subscribers import on_merged
from campaign_service.rights.subscribers import RIGHTS
from chassis.clock import DrivenClock
from chassis.problem import Problem
from contracts import activities as api
from contracts.events import MembersMerged
from contracts.gateway_events import RightsRequested
from contracts.invitations import InvitationBody, MemberInvitation

CODE = "ABCDEFGHIJKLMNOP"


async def made(world: World, activity: UUID, number: int, **said: Any) -> MemberInvitation:
    async with world.db.transaction() as tx:
        body = InvitationBody.model_validate(said)
        return await use_cases.make(tx, SIGNER, UUID(int=number), activity, body)


async def told(world: World, number: int) -> Sequence[MemberInvitation]:
    async with world.db.transaction(readonly=True) as tx:
        return (await use_cases.of_member(tx, SIGNER, UUID(int=number))).data


async def accept(world: World, activity: UUID, number: int, token: str) -> Any:
    body = api.SignupRequest(token=token)
    return await act(world, number, use_cases.sign_up, activity, body)


def token_of(invitation: MemberInvitation) -> str:
    return invitation.url.rpartition("/s/")[2]


async def test_a_page_to_share_and_who_came_by_it(world: World, clock: DrivenClock) -> None:
    clock.move(at("2090-03-01"), ticking=False)
    await world.members(*range(1, 7))
    activity = await plan(world, capacity=3, place={"zh": "中庭", "en": "Atrium"})
    other = await plan(world)
    first = await made(world, activity, 1, words="一起来 烤面包吧\n", referral_code=CODE)
    again = await made(world, activity, 1, design="friends", words="一起来烤面包吧")
    assert token_of(first) == token_of(again) and "<svg" in again.svg
    token = token_of(
        await made(world, activity, 1, design="friends", words="一起来烤面包吧", referral_code=CODE)
    )
    form = await look(world, token, "zh")
    assert form.text == [
        "朋友喊你一起来",
        "“一起来烤面包吧”",
        "时间：3月5日14:00",
        "地点：中庭",
        "还有 3 个名额。",
        f"还不是会员？注册时填写推荐码 {CODE}。",
        "请用本商场的小程序或会员应用扫描，以便确认您的会员身份。",
    ]
    english = await look(world, token)
    assert english.button is None and english.text[0] == "A friend asks you along"
    assert (await accept(world, activity, 2, token)).status == "confirmed"
    assert (await accept(world, activity, 2, token)).status == "confirmed"
    assert (await accept(world, other, 3, token)) == "bad_token"
    await accept(world, activity, 1, token)  # oneself is nobody's guest
    await act(world, 4, activities.sign_up, activity, api.SignupRequest())
    await accept(world, activity, 4, token)  # had a place already
    rival = token_of(await made(world, activity, 5))
    await accept(world, activity, 6, token)
    await accept(world, activity, 6, rival)
    (mine,), (theirs,) = await told(world, 1), await told(world, 5)
    assert (mine.guests, mine.came, theirs.guests) == (2, 0, 0)
    assert (await look(world, token)).text[4] == "All places are taken; there is a waiting list."
    await act(world, 6, activities.give_back, activity, UUID(int=6))
    clock.move(at("2090-03-05 14:30"), ticking=False)
    door = api.CodeRequest(use="checkin")
    async with world.db.transaction() as tx:
        code = await activities.code(tx, SIGNER, activity, door)
    for number in (1, 2):
        await act(
            world, number, activities.check_in, activity, api.CheckinRequest(token=code.token)
        )
    (mine,) = await told(world, 1)
    assert (mine.guests, mine.came) == (1, 1)
    async with world.db.transaction(readonly=True) as tx:
        found = {each.member_id.int: each for each in (await communities.advocates(tx, 10)).data}
    assert (found[1].guests, found[1].score, found[2].score) == (1, 3, 1)


async def test_links_end(world: World, clock: DrivenClock) -> None:
    clock.move(at("2090-03-01"), ticking=False)
    await world.members(1, 2)
    activity = await plan(world, signup_until=at("2090-03-03"))
    token = token_of(await made(world, activity, 1))
    async with world.db.transaction() as tx:
        left = await use_cases.take_back(tx, SIGNER, UUID(int=1), activity)
        assert left.data == []
        with pytest.raises(Problem) as gone:
            await use_cases.take_back(tx, SIGNER, UUID(int=1), activity)
    assert gone.value.status == 404
    with pytest.raises(Problem) as missing:
        await look(world, token)
    assert missing.value.status == 404 and await accept(world, activity, 2, token) == "bad_token"
    later = token_of(await made(world, activity, 1))
    assert later != token
    clock.move(at("2090-03-03"), ticking=False)
    with pytest.raises(Problem) as late:
        await made(world, activity, 1)
    assert late.value.code == "too_late"
    with pytest.raises(Problem):
        await look(world, later)


async def test_merges_and_erasure(world: World, clock: DrivenClock) -> None:
    clock.move(at("2090-03-01"), ticking=False)
    await world.members(1, 2, 3)
    activity = await plan(world)
    token = token_of(await made(world, activity, 1, words="来吧"))
    await accept(world, activity, 3, token)
    await world.merge((1, 2))
    merged = MembersMerged(UUID(int=9), UUID(int=2), UUID(int=1), at("2090-03-01"), "phone:x")
    await world.hear([merged], on_merged)
    assert [each.guests for each in await told(world, 2)] == [1]
    await world.split(2, 1)
    assert [each.words for each in await told(world, 1)] == ["来吧"]
    erased = RightsRequested(UUID(int=8), "erase", [UUID(int=1)], at("2090-03-01"))
    await world.hear([erased], RIGHTS.answer)
    async with world.db.transaction(readonly=True) as tx:
        for table in repository.TABLES:
            rows = await tx.fetch(f"SELECT FROM {table} WHERE member_id = $1", UUID(int=1))
            assert rows == []


@pytest.mark.parametrize(
    "words",
    [
        "打给我 138 0013 8000",
        "加我１３８００１３８０００",
        "一三八零零一三八零零零",
        "微信号：baker_88",
        "VX baker88",
        "mail me@shop.cn",
        "看 https://evil.example",
        "www.evil.top",
        "evil.com/win",
        "1\u200b3800138000",
        "身份证 11010119900307761X",
        "QQ：12345",
    ],
)
def test_nobody_can_be_reached_by_words(words: str) -> None:
    assert domain.reachable(words)


@pytest.mark.parametrize(
    "words",
    [
        "下午3点，2号门见",
        "带两个孩子一起来",
        "See you at 14:30, gate 2",
        "最多 100 人",
        "微信群里见",
    ],
)
def test_ordinary_words_may_stand(words: str) -> None:
    assert not domain.reachable(words)


@given(
    st.text(alphabet=" .-·—_()", max_size=3),
    st.sampled_from(["0123456789", "〇一二三四五六七八九"]),
    st.integers(10**10, 10**11 - 1),
)
def test_a_phone_is_seen_however_it_is_parted(gap: str, digits: str, number: int) -> None:
    assert domain.reachable("找我" + gap.join(digits[int(each)] for each in str(number)) + "哦")


async def test_forbidden_words_are_refused(world: World, clock: DrivenClock) -> None:
    clock.move(at("2090-03-01"), ticking=False)
    await world.members(1)
    activity = await plan(world)
    for words, code in (
        ("全国第一的烘焙", "forbidden_words"),
        ("电话13800138000", "contact_in_words"),
    ):
        with pytest.raises(Problem) as refused:
            await made(world, activity, 1, words=words)
        assert (refused.value.status, refused.value.code) == (422, code)
        assert "13800138000" not in refused.value.document().model_dump_json()
    assert domain.tidy(" 来\n吧\u200b ") == "来 吧" and domain.tidy(" \n") is None

"""Links of messages: they say nothing, lead nowhere else, and count each message once."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.campaign.tests.world import LINKER, World, at

from campaign_service.links import use_cases
from campaign_service.links.domain import LIFE
from campaign_service.rights.subscribers import RIGHTS
from chassis.problem import Problem
from contracts.campaign.responses import LinkClicked, MessageOpened
from contracts.events import MessageRequested
from contracts.gateway_events import RightsRequested


async def linked(world: World, *numbers: int) -> dict[int, tuple[str, UUID]]:
    """(token, delivery) of each member's message."""
    await world.launched()
    for number in numbers:
        await world.order(number, "2017-03-01")
    await world.day("2017-04-01")
    told = await world.told(MessageRequested)
    return {
        each.member_id.int: ((each.link or "").rsplit("/", 1)[1], each.delivery_id) for each in told
    }


async def follow(world: World, token: str, *, later: timedelta = timedelta()) -> str:
    async with world.db.transaction() as tx:
        tx.now = at("2017-04-01 10:00") + later
        return (await use_cases.follow(tx, LINKER, token)).url


async def look(world: World, token: str) -> str:
    async with world.db.transaction(readonly=True) as tx:
        tx.now = at("2017-04-01 10:00")
        return (await use_cases.look(tx, LINKER, token)).url


async def clicks(world: World) -> list[tuple[int, int]]:
    async with world.db.transaction(readonly=True) as tx:
        rows = await tx.fetch("SELECT member_id, clicks FROM message_response ORDER BY member_id")
    return [(row["member_id"].int, row["clicks"]) for row in rows]


async def test_a_link_is_told_once_and_counted_each_time(world: World) -> None:
    token, delivery = (await linked(world, 1))[1]
    assert re.fullmatch(r"[A-Za-z0-9_-]{16}", token)
    assert await look(world, token) == "https://shop.example/"
    assert await clicks(world) == [(1, 0)]
    for _ in range(3):
        assert await follow(world, token) == "https://shop.example/"
    assert await clicks(world) == [(1, 3)]
    (clicked,) = await world.told(LinkClicked)
    (opened,) = await world.told(MessageOpened)
    assert (clicked.delivery_id, clicked.member_id.int, clicked.channel) == (delivery, 1, "sms")
    assert opened.opened_at == clicked.clicked_at


async def test_old_forged_and_dead_links_lead_nowhere(world: World) -> None:
    links = await linked(world, 1, 2)
    old, gone = links[1][0], links[2][0]
    erase = RightsRequested(UUID(int=77), "erase", [UUID(int=2)], at("2017-04-02"))
    await world.hear([erase], RIGHTS.answer)
    for token, later in ((old, LIFE), (gone, timedelta()), (old[:-1] + "-", timedelta())):
        with pytest.raises(Problem, match="unknown_link"):
            await follow(world, token, later=later)
    assert await clicks(world) == [(1, 0), (2, 0)]


async def test_the_app_says_once_that_a_message_was_opened(world: World) -> None:
    delivery = (await linked(world, 1))[1][1]
    await world.merge((1, 3))
    for number in (3, 1, 3):
        async with world.db.transaction() as tx:
            answer = await use_cases.opened(tx, UUID(int=number), delivery)
        assert answer.opened_at and answer.clicks == 0
    assert len(await world.told(MessageOpened)) == 1
    async with world.db.transaction() as tx:
        with pytest.raises(Problem, match="unknown_delivery"):
            await use_cases.opened(tx, UUID(int=5), delivery)
    assert await clicks(world) == [(3, 0)]  # goes with the person


@pytest.mark.parametrize(
    ("wanted", "leads"),
    [
        (None, "https://shop.example/"),
        ("/goods/7?x=1", "https://shop.example/goods/7?x=1"),
        ("https://mini.example/a", "https://mini.example/a"),
        ("https://m.example/s/abc", "https://m.example/s/abc"),
        ("//evil.example", "https://shop.example//evil.example"),
        ("https://evil.example/", None),
        ("http://shop.example/", None),
        ("https://shop.example@evil.example/", None),
        ("https://shop.example:x@evil.example/", None),
        ("https://shop.example\\@evil.example/", None),
        ("https://shop.example.evil.example/", None),
        ("javascript:alert(1)", None),
        ("https://shop.example/\r\nSet-Cookie: a=b", None),
        ("https://[::1", None),
        ("/" + "a" * 2000, None),
    ],
)  # fmt: skip
def test_where_links_may_lead(wanted: str | None, leads: str | None) -> None:
    assert LINKER.target(wanted) == leads


@given(st.text(min_size=1), st.sampled_from(["", "/", "https://", "https://shop.example"]))
def test_whatever_is_wanted_it_leads_to_a_host_that_is_allowed(text: str, before: str) -> None:
    found = LINKER.target(before + text)
    allowed = r"https://(shop|mini|m)\.example(/[!-~]*|\?[!-~]*|#[!-~]*)?"
    assert found is None or re.fullmatch(allowed, found), found


def test_tokens_know_nothing_of_each_other_or_of_anybody() -> None:
    tokens = {LINKER.token(UUID(int=number)) for number in range(2_000)}
    assert len(tokens) == 2_000 and len({token[:4] for token in tokens}) > 1_900

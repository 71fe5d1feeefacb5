"""One tap, no sign-in: the link in every marketing message."""

import re
import shutil
from collections.abc import Awaitable, Callable
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from playwright.async_api import async_playwright
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.inner import Inner, served
from services.gateway.tests.test_consents import PERSONAL, SMS, put, stands, yes
from services.gateway.tests.test_egress import lives, outbox, sent, tell, wish

from chassis.clock import DrivenClock
from chassis.holdings import let_go
from contracts.holdings import of_service
from contracts.roles import Role
from gateway_service.unsubscribe import domain

MEMBER, OTHER = UUID(int=11), UUID(int=12)
WECHAT = {"purpose": "marketing", "channel": "wechat"}
CHROMIUM = shutil.which("chromium")
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


async def linked(gateway: Gateway, inner: Inner, member: UUID = MEMBER, **other: str) -> str:
    """The path of the link in a message that the member got."""
    await lives(inner, gateway, member, **other)
    assert (await put(gateway, member, yes(SMS), yes(WECHAT), yes(PERSONAL))).status_code == 200
    await tell(gateway, wish(gateway, member))
    (message,) = [
        each for each in (await outbox(gateway))["data"] if each["member_id"] == str(member)
    ]
    found = re.search(r"https://\S+/u/\S+", message["text"])
    assert found, message["text"]
    return urlsplit(found[0]).path


async def test_one_press_takes_back_this_channels_marketing(
    gateway: Gateway, inner: Inner, clock: DrivenClock
) -> None:
    path = await linked(gateway, inner)
    for _ in range(3):  # scanners and browsers look ahead
        seen = await gateway.http.get(path)
        assert seen.status_code == 200 and "短信" in seen.text and seen.text.count("<button") == 1
    assert "no-store" in seen.headers["cache-control"]
    assert (await gateway.http.head(path)).status_code == 405
    assert (await stands(gateway, MEMBER, SMS))["granted"]
    done = await gateway.http.post(path, data=ONE_CLICK)
    assert done.status_code == 200 and "已退订" in done.text
    assert (await stands(gateway, MEMBER, SMS))["state"] == "withdrawn"
    for other in (WECHAT, PERSONAL):
        assert (await stands(gateway, MEMBER, other))["granted"]
    history = await gateway.http.get(
        f"/v1/members/{MEMBER}/consents/history", headers=await gateway.as_(Role.MEMBER, MEMBER)
    )
    chain, request = history.json(), (await sent(gateway))[0].delivery_id
    assert chain["intact"] and chain["data"][-1]["asked"] == {
        "ref": str(request), "where": "link", "how": "unsubscribe", "initiative": "member",
    }  # fmt: skip
    assert (await gateway.http.post(path)).status_code == 200  # again changes nothing
    again = await gateway.http.get(
        f"/v1/members/{MEMBER}/consents/history", headers=await gateway.as_(Role.MEMBER, MEMBER)
    )
    assert again.json() == chain
    await put(gateway, MEMBER, yes(SMS))  # and it is no act that was used up
    clock.move(clock.now() + timedelta(days=60))
    assert (await gateway.http.post(path, data=ONE_CLICK)).status_code == 200
    assert (await stands(gateway, MEMBER, SMS))["state"] == "withdrawn"
    await tell(gateway, wish(gateway))
    assert (await sent(gateway))[-1].reason == "no_consent"


async def test_pages_speak_the_members_language(gateway: Gateway, inner: Inner) -> None:
    path = await linked(gateway, inner, language="en")
    page = await gateway.http.get(path, headers={"accept-language": "zh-CN"})
    assert 'lang="en"' in page.text and "by SMS" in page.text
    message = (await outbox(gateway))["data"][0]["text"]
    assert " Unsubscribe: https://" in message
    assert "no more marketing" in (await gateway.http.post(path)).text


async def test_what_is_about_the_member_itself_carries_none(gateway: Gateway, inner: Inner) -> None:
    await lives(inner, gateway, MEMBER)
    await tell(gateway, wish(gateway, purpose="transactional"))
    assert "/u/" not in (await outbox(gateway))["data"][0]["text"]


async def test_forged_old_and_forgotten_links_look_the_same(
    gateway: Gateway, inner: Inner, clock: DrivenClock
) -> None:
    path, gone = await linked(gateway, inner), await linked(gateway, inner, OTHER)
    own = await gateway.as_(Role.MEMBER, OTHER)
    erased = await gateway.http.post(
        f"/v1/members/{OTHER}/rights-requests", json={"kind": "erase"}, headers=own
    )
    assert erased.status_code == 201
    forged = [path[:-1] + "-", path[:-1], "/u/%E4%BC%9A", "/u/' OR 1=1"]
    clock.move(clock.now() + domain.LIFE)
    answers = [
        await gateway.http.request(method, each)
        for each in (path, gone, *forged)
        for method in ("GET", "POST")
    ]
    assert {each.status_code for each in answers} == {404}
    assert len({each.text for each in answers}) == 1 and "链接无效" in answers[0].text
    assert (await stands(gateway, MEMBER, SMS))["granted"]
    (holding,) = [each for each in of_service("gateway") if each.table == "unsubscribe_link"]
    assert holding.days and timedelta(days=holding.days) >= domain.LIFE >= timedelta(days=60)
    await let_go(gateway.app.db, [holding], clock.now() + timedelta(minutes=1))
    async with gateway.app.db.transaction(readonly=True) as tx:
        assert await tx.fetchval("SELECT count(*) FROM unsubscribe_link") == 0


async def test_only_wrong_links_are_counted(gateway: Gateway, inner: Inner) -> None:
    path = await linked(gateway, inner)
    statuses = [(await gateway.http.get(f"/u/{n:016}")).status_code for n in range(25)]
    assert statuses == [404] * 20 + [429] * 5
    refused = await gateway.http.post("/u/x", headers={"accept-language": "en"})
    assert refused.status_code == 429 and "Try again later" in refused.text
    for _ in range(30):  # a mail provider, from one address
        assert (await gateway.http.post(path, data=ONE_CLICK)).status_code == 200


async def test_a_merged_member_is_unsubscribed_under_the_id_of_today(
    gateway: Gateway, inner: Inner
) -> None:
    path = await linked(gateway, inner)
    async with gateway.app.db.transaction() as tx:
        await tx.execute(
            "INSERT INTO merged_member (absorbed_id, survivor_id) VALUES ($1, $2)", MEMBER, OTHER
        )
    await put(gateway, OTHER, yes(SMS))
    assert (await gateway.http.post(path)).status_code == 200
    assert (await stands(gateway, OTHER, SMS))["state"] == "withdrawn"


async def test_tokens_are_kept_as_hashes(gateway: Gateway, inner: Inner) -> None:
    token = (await linked(gateway, inner)).removeprefix("/u/")
    async with gateway.app.db.transaction(readonly=True) as tx:
        (row,) = await tx.fetch("SELECT * FROM unsubscribe_link")
        held = await tx.fetchval("SELECT text FROM sandbox_outbox")
    assert token not in f"{dict(row)} {held}" and row["token_hash"] == domain.hash_of(token)
    assert row["campaign_id"] == UUID(int=1)


async def test_without_counters_it_goes_on(
    start_gateway: Callable[..., Awaitable[Gateway]], inner: Inner
) -> None:
    gateway = await start_gateway(REDIS_URL="redis://127.0.0.1:1/0")
    assert (await gateway.http.get("/u/nothing")).status_code == 404


@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium: apt-get install chromium")
async def test_in_a_browser(gateway: Gateway, inner: Inner) -> None:
    path = await linked(gateway, inner)
    async with served(gateway.app.app) as url, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page(locale="en-GB", java_script_enabled=False)
        faults: list[str] = []
        page.on("console", lambda message: faults.append(message.text))
        await page.goto(url + path)
        assert await page.title() == "退订营销信息"  # the member's language, not the browser's
        button = page.get_by_role("button")
        assert await button.count() == 1 and await page.get_by_role("link").count() == 0
        assert (await stands(gateway, MEMBER, SMS))["granted"]
        await button.click()
        assert await page.get_by_role("heading").inner_text() == "已退订"
        assert (await stands(gateway, MEMBER, SMS))["state"] == "withdrawn"
        await page.goto(url + await linked(gateway, inner, OTHER, language="en"))
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.get_by_text("Unsubscribed").first.wait_for()
        assert await page.locator("html").get_attribute("lang") == "en"
        assert (await stands(gateway, OTHER, SMS))["state"] == "withdrawn"
        await page.goto(f"{url}/u/nothing")
        assert await page.get_by_role("heading").inner_text() == "This link is not valid"
        assert faults == [] or all("404" in each for each in faults)
        await browser.close()


def test_a_token_is_a_function_of_key_and_message() -> None:
    message = UUID(int=1)
    assert domain.token_of(b"k", message) == domain.token_of(b"k", message)
    others = {domain.token_of(b"k", UUID(int=n)) for n in range(100)}
    assert len(others | {domain.token_of(b"l", message)}) == 101
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{16}", each) for each in others)

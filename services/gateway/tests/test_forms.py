"""Surveys, votes and invitations as pages; campaign plays what its own tests show it to answer."""

import shutil
from typing import Any

import msgspec
import pytest
from playwright.async_api import async_playwright
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.inner import Inner, Seen, served

from contracts.pages import PageForm, PageOption, PageQuestion, PageSent

TOKEN = "A" * 40
CHROMIUM = shutil.which("chromium")
FORM = PageForm(
    "zh", "购物体验 <b>", ["只需一分钟。"],
    [PageQuestion("recommend", "推荐吗？", [PageOption(str(n), str(n)) for n in range(11)]),
     PageQuestion("why", "为何", [PageOption("price", "价格"), PageOption("staff", "服务")],
                  many=True, required=False)],
    "提交",
)  # fmt: skip
THANKS = PageForm("zh", "谢谢您", ["已收到您的回答，谢谢！"])
INVITED = PageForm("en", "Baking", ["A friend asks you along", "“Come & <bake>”"])
PATH = f"/s/{TOKEN}"


def plays(inner: Inner) -> list[PageSent]:
    """Campaign has one survey; what it was sent."""
    got: list[PageSent] = []

    def sent(seen: Seen) -> tuple[int, Any]:
        got.append(msgspec.json.decode(seen.body, type=PageSent))
        return 200, msgspec.to_builtins(THANKS)

    inner.replies[f"GET /internal/pages/{TOKEN}"] = 200, msgspec.to_builtins(FORM)
    inner.replies[f"POST /internal/pages/{TOKEN}"] = sent
    return got


async def test_a_page_and_what_it_sends(gateway: Gateway, inner: Inner) -> None:
    got = plays(inner)
    for _ in range(3):
        seen = await gateway.http.get(PATH)
    assert seen.status_code == 200 and 'lang="zh-CN"' in seen.text
    assert "购物体验 &lt;b&gt;" in seen.text and "<script" not in seen.text
    assert seen.text.count("<fieldset>") == 2 and seen.text.count('type="radio"') == 11
    assert seen.text.count(" required") == 11 and "（可不答）" in seen.text
    assert "default-src 'none'" in seen.headers["content-security-policy"]
    assert "no-store" in seen.headers["cache-control"] and not got
    body = "recommend=9&why=price&why=staff&why="
    form = {"content-type": "application/x-www-form-urlencoded"}
    done = await gateway.http.post(PATH, content=body, headers=form)
    assert done.status_code == 200 and "已收到" in done.text and "<form" not in done.text
    assert got == [PageSent({"recommend": ["9"], "why": ["price", "staff"]})]
    assert inner.last.query == "language=zh"
    for bad, status in (("&" * 300, 422), ("a=" + "b" * 30_000, 413), ("é", 422)):
        refused = await gateway.http.post(PATH, content=bad.encode(), headers=form)
        assert refused.status_code == status, bad[:9]


async def test_wrong_links_look_the_same_and_are_counted(gateway: Gateway, inner: Inner) -> None:
    plays(inner)
    inner.replies[f"GET /internal/pages/{'B' * 40}"] = 404, {"code": "unknown_page"}
    inner.replies[f"GET /internal/pages/{'C' * 40}"] = 500, {}
    english = {"accept-language": "en"}
    wrong = ("B" * 40, "x", "%E4%BC%9A")
    answers = [await gateway.http.get(f"/s/{each}", headers=english) for each in wrong]
    assert {each.status_code for each in answers} == {404}
    assert len({each.text for each in answers}) == 1 and "not valid" in answers[0].text
    away = await gateway.http.get(f"/s/{'C' * 40}")
    assert away.status_code == 503 and "请稍后再试" in away.text
    statuses = [(await gateway.http.get("/s/y")).status_code for _ in range(25)]
    assert statuses == [404] * 17 + [429] * 8
    assert (await gateway.http.get(PATH)).status_code == 200  # a good link always works


@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium: apt-get install chromium")
async def test_in_a_browser(gateway: Gateway, inner: Inner) -> None:
    got = plays(inner)
    async with served(gateway.app.app) as url, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page(locale="en-GB", java_script_enabled=False)
        faults: list[str] = []
        page.on("console", lambda message: faults.append(message.text))
        await page.goto(url + PATH)
        group = page.get_by_role("group", name="推荐吗？")
        assert await group.get_by_role("radio").count() == 11
        await page.get_by_role("button", name="提交").click()  # the browser wants an answer first
        assert got == [] and await page.title() == "购物体验 <b>"
        await group.get_by_label("8", exact=True).focus()  # and by keyboard alone
        await page.keyboard.press("Space")
        await page.keyboard.press("ArrowRight")
        for key in ("Tab", "Tab", "Space", "Tab", "Enter"):
            await page.keyboard.press(key)
        await page.get_by_role("heading", name="谢谢您").wait_for()
        assert got == [PageSent({"recommend": ["9"], "why": ["staff"]})]
        inner.replies[f"GET /internal/pages/{TOKEN}"] = 200, msgspec.to_builtins(INVITED)
        await page.goto(url + PATH)  # a member's own invitation: looked at, nothing to send
        assert await page.get_by_role("heading").inner_text() == "Baking"
        assert await page.get_by_text("“Come & <bake>”").count() == 1
        assert await page.get_by_role("button").count() == 0 and page.url == url + PATH
        assert await page.locator("html").get_attribute("lang") == "en"
        assert faults == []
        await browser.close()

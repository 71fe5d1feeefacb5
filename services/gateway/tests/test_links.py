"""Links of messages at the door: one hop, counted for people only."""

from typing import Any

import pytest
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.inner import Inner, Seen

from gateway_service.links.domain import looks_ahead

TOKEN = "abcdefgh-_012345"
PATH = f"/l/{TOKEN}"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like"
    " Gecko) Mobile/15E148 MicroMessenger/8.0.49 NetType/WIFI Language/zh_CN"
)


def plays(inner: Inner) -> list[str]:
    """Campaign knows one link; how it was asked."""
    asked: list[str] = []

    def answer(seen: Seen) -> tuple[int, Any]:
        asked.append(seen.method)
        return 200, {"url": "https://shop.example/goods/7"}

    inner.replies[f"GET /internal/links/{TOKEN}"] = answer
    inner.replies[f"POST /internal/links/{TOKEN}"] = answer
    return asked


async def test_a_person_is_counted_and_sent_on(gateway: Gateway, inner: Inner) -> None:
    asked = plays(inner)
    answer = await gateway.http.get(PATH, headers={"user-agent": PHONE})
    assert (answer.status_code, answer.headers["location"]) == (302, "https://shop.example/goods/7")
    assert "no-store" in answer.headers["cache-control"]
    assert answer.headers["referrer-policy"] == "no-referrer" and not answer.content
    assert asked == ["POST"]
    for headers in (
        {"user-agent": PHONE, "sec-purpose": "prefetch;prerender"},
        {"user-agent": "WhatsApp/2.23"},
    ):
        assert (await gateway.http.get(PATH, headers=headers)).status_code == 302
    looked = await gateway.http.head(PATH, headers={"user-agent": PHONE})
    assert looked.status_code == 302 and looked.headers["location"]
    assert asked == ["POST", "GET", "GET", "GET"]


async def test_links_that_are_none_look_alike(gateway: Gateway, inner: Inner) -> None:
    inner.replies[f"POST /internal/links/{TOKEN}"] = 404, {}
    pages = [await gateway.http.get(path, headers={"user-agent": PHONE})
             for path in (PATH, "/l/short", "/l/' OR 1=1")]  # fmt: skip
    assert {page.status_code for page in pages} == {404}
    assert len({page.text for page in pages}) == 1 and "链接无效" in pages[0].text
    statuses = [(await gateway.http.get(f"/l/{n:015}")).status_code for n in range(25)]
    assert statuses[0] == 404 and statuses[-1] == 429
    inner.replies[f"POST /internal/links/{TOKEN}"] = 200, {"url": "https://shop.example/"}
    good = await gateway.http.get(PATH, headers={"user-agent": PHONE})
    assert good.status_code == 302  # good ones are never stopped


@pytest.mark.parametrize(
    ("agent", "ahead"),
    [
        (PHONE, False),
        ("Mozilla/5.0 (Linux; Android 13; CUBOT NOTE 50) AppleWebKit/537.36 Chrome/120", False),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/125.0 Safari/537.36", False),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", True),
        ("facebookexternalhit/1.1", True),
        ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", True),
        ("Mozilla/5.0 (compatible; Baiduspider/2.0)", True),
        ("python-requests/2.32", True),
        ("", True),
    ],
)
def test_who_looks_ahead(agent: str, ahead: bool) -> None:
    assert looks_ahead("GET", {"user-agent": agent}) is ahead
    assert looks_ahead("HEAD", {"user-agent": agent})

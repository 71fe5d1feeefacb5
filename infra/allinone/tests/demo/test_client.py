"""The client against a server that loses, refuses and restarts: each call counts once."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from allinone.demo.client import Api, Client, Refused

NOON = datetime(2017, 1, 1, 12, tzinfo=UTC)


class Flaky:
    """Answers each call of one key only at the third attempt, and counts what it did once."""

    def __init__(self) -> None:
        self.attempts: Counter[str] = Counter()
        self.done: set[str] = set()
        self.tokens = 0
        self.revoked: set[str] = set()
        self.trouble = "500"

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/oauth2/token", self.token)
        app.router.add_post("/things", self.thing)
        return app

    async def token(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"].startswith("Basic ")
        self.tokens += 1
        return web.json_response({"access_token": f"t{self.tokens}", "expires_in": 600})

    async def thing(self, request: web.Request) -> web.Response:
        key = request.headers["Idempotency-Key"]
        self.attempts[key] += 1
        if request.headers.get("Authorization", "").removeprefix("Bearer ") in self.revoked:
            return web.Response(status=401)
        if self.trouble == "422":
            return web.json_response({"code": "unknown_sku"}, status=422)
        if self.attempts[key] < 3:
            if self.trouble == "cut":
                assert request.transport is not None
                request.transport.abort()
            if self.trouble == "429":
                return web.Response(status=429, headers={"Retry-After": "0"})
            return web.Response(status=503)
        self.done.add(key)
        return web.json_response({"ok": True})


@pytest.fixture
async def flaky() -> AsyncIterator[tuple[Flaky, str]]:
    flaky = Flaky()
    async with TestServer(flaky.app()) as server:
        yield flaky, str(server.make_url("/"))


def _api(url: str, **options: Any) -> Api:
    return Api(url, None, {"pos": Client("pos", "secret")}, NOON, **options)


@pytest.mark.parametrize("trouble", ["500", "cut", "429"])
async def test_a_call_is_repeated_until_it_is_answered(
    flaky: tuple[Flaky, str], trouble: str
) -> None:
    server, url = flaky
    server.trouble = trouble
    async with _api(url) as api:
        assert await api.post("/things", {}, role="pos", key="k") == {"ok": True}
    assert (server.done, server.attempts["k"], api.retries) == ({"k"}, 3, 2)


async def test_a_refusal_is_final_and_says_why(flaky: tuple[Flaky, str]) -> None:
    server, url = flaky
    server.trouble = "422"
    async with _api(url) as api:
        with pytest.raises(Refused, match="unknown_sku") as refused:
            await api.post("/things", {}, role="pos", key="k")
    assert (refused.value.status, server.attempts["k"]) == (422, 1)


async def test_a_server_that_never_comes_back_ends_the_call() -> None:
    async with _api("http://127.0.0.1:9", patience=0.2) as api:
        with pytest.raises(Refused, match="ClientConnector"):
            await api.post("/things", {}, key="k")


async def test_tokens_are_shared_and_renewed_on_the_driven_clock(
    flaky: tuple[Flaky, str],
) -> None:
    server, url = flaky
    async with _api(url) as api:
        for key in ("a", "b"):
            await api.post("/things", {}, role="pos", key=key)
        assert server.tokens == 1
        api.now += timedelta(minutes=9, seconds=31)
        await api.post("/things", {}, role="pos", key="c")
        assert server.tokens == 2


async def test_a_token_that_is_no_longer_good_is_replaced(flaky: tuple[Flaky, str]) -> None:
    server, url = flaky
    async with _api(url) as api:
        await api.post("/things", {}, role="pos", key="a")
        server.revoked.add("t1")
        await api.post("/things", {}, role="pos", key="b")
    assert server.tokens == 2

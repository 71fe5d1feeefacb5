"""Who says which WeChat user a mini-program's code is of."""

import asyncio
from dataclasses import dataclass
from typing import Protocol

import httpx
import msgspec

from chassis.logs import log
from chassis.problem import Problem

_SECONDS = 5.0
_MOST_BYTES = 16 * 1024
_LONGEST = 128  # of an openid, which has 28 characters
_BAD_CODES = frozenset({40029, 40163, 41008})  # invalid, used, missing
_TOO_OFTEN = 45011


class Session(msgspec.Struct, frozen=True):
    """Who it is. The session key is not even read: nothing here needs it."""

    openid: str
    unionid: str | None = None


class _Answer(msgspec.Struct, frozen=True):
    openid: str | None = None
    unionid: str | None = None
    errcode: int = 0


class MiniProgram(Protocol):
    """Exchanges a code that `wx.login` gave the mini-program."""

    async def session(self, code: str) -> Session | None:
        """Whose code it is; None for one that is wrong, used or too old. Raises Problem."""
        ...


@dataclass(frozen=True, slots=True)
class WeChat:
    """`code2Session` of WeChat's servers, or of a double of them at another address."""

    url: str
    app_id: str
    secret: str

    async def session(self, code: str) -> Session | None:
        """See `MiniProgram`. Raises Problem 429 and 503 where the real one says to wait."""
        query = {
            "appid": self.app_id,
            "secret": self.secret,
            "js_code": code,
            "grant_type": "authorization_code",
        }
        try:
            async with asyncio.timeout(_SECONDS):
                known = msgspec.json.decode(await self._asked(query), type=_Answer)
        except (httpx.HTTPError, msgspec.MsgspecError, TimeoutError) as error:
            log.warning("wechat_away", error=type(error).__name__)
            raise _away() from None
        if known.openid and len(known.openid) <= _LONGEST and not known.errcode:
            return Session(known.openid, known.unionid)
        if known.errcode in _BAD_CODES:
            return None
        log.warning("wechat_refused", errcode=known.errcode)
        if known.errcode == _TOO_OFTEN:
            raise Problem(
                429, "too_many_calls", "WeChat asks to wait", headers={"Retry-After": "60"}
            )
        raise _away()

    async def _asked(self, query: dict[str, str]) -> bytes:
        """The answer; of one that is too long only so much, which is no JSON then."""
        read = b""
        async with (
            httpx.AsyncClient(timeout=_SECONDS) as http,
            http.stream("GET", f"{self.url}/sns/jscode2session", params=query) as answer,
        ):
            if answer.is_success:
                async for chunk in answer.aiter_bytes():
                    read += chunk
                    if len(read) > _MOST_BYTES:
                        break
        return read


def _away() -> Problem:
    return Problem(
        503, "wechat_away", "WeChat does not say who this is; try again",
        headers={"Retry-After": "1"},
    )  # fmt: skip

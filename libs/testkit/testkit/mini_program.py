"""WeChat's `code2Session` as far as a mini-program's login can tell: an ASGI app.

Codes are good once and for five minutes; errors have the numbers of the real one, come with status
200 and as text/plain, as the real ones do.
"""

import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from chassis.clock import Clock

LIFE = timedelta(minutes=5)
CALLS_A_MINUTE = 100  # of one user


@dataclass
class MiniProgramDouble:
    """`code_for(openid)` is what `wx.login` gives the mini-program."""

    clock: Clock
    app_id: str = "wx-test"
    secret: str = "mini-secret"
    busy: bool = False
    session_keys: list[str] = field(default_factory=list)
    _codes: dict[str, tuple[str, str | None, datetime]] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)
    _calls: dict[str, list[datetime]] = field(default_factory=dict)

    def code_for(self, openid: str, unionid: str | None = None) -> str:
        """A code of this user."""
        code = secrets.token_urlsafe(24)
        self._codes[code] = openid, unionid, self.clock.now() + LIFE
        return code

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        query = {name: values[0] for name, values in parse_qs(scope["query_string"]).items()}
        asked = {name.decode(): value.decode() for name, value in query.items()}
        known = scope["path"] == "/sns/jscode2session"
        body = json.dumps(self._answer(asked) if known else {}).encode()
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
        status = 200 if known else 404
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _answer(self, asked: dict[str, str]) -> dict[str, Any]:
        code = asked.get("js_code", "")
        openid, unionid, ends = self._codes.get(code, ("", None, self.clock.now()))
        for is_so, number, message in (
            (self.busy, -1, "system error"),
            (asked.get("appid") != self.app_id, 40013, "invalid appid"),
            (asked.get("secret") != self.secret, 40125, "invalid appsecret"),
            (asked.get("grant_type") != "authorization_code", 40002, "invalid grant_type"),
            (not code, 41008, "missing code"),
            (code in self._used, 40163, "code been used"),
            (ends <= self.clock.now(), 40029, "invalid code"),
            (not self._may(openid), 45011, "api minute-quota reach limit"),
        ):
            if is_so:
                return {"errcode": number, "errmsg": f"{message}, rid: {secrets.token_hex(8)}"}
        self._used.add(code)
        self.session_keys.append(secrets.token_urlsafe(16))
        found = {"openid": openid, "session_key": self.session_keys[-1]}
        return found | ({"unionid": unionid} if unionid else {})

    def _may(self, openid: str) -> bool:
        now = self.clock.now()
        recent = [at for at in self._calls.get(openid, []) if now - at < timedelta(minutes=1)]
        self._calls[openid] = [*recent, now]
        return len(recent) < CALLS_A_MINUTE

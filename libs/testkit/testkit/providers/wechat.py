"""WeChat's messages as far as a caller can tell: tokens, both kinds of message, events."""

import hashlib
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from testkit.providers.double import Answer, Double, Request, Sent

KEY_SECONDS = 600.0  # client_msg_id is known so long
_MOST = {"thing": 20, "short_thing": 5, "number": 32, "amount": 11, "time": 32, "phrase": 5}


@dataclass
class WeChatDouble(Double):
    """One app id, official account and mini-program alike. A new token ends the one before.

    `tokens_given` counts how often one was asked for. `subscribed`: who may get subscribe messages;
    None is everybody.
    """

    app_id: str = "wx-test"
    secret: str = "wx-secret"
    token: str = "wx-callback"
    templates: frozenset[str] = frozenset({"T_1", "T_2"})
    subscribed: set[str] | None = None
    tokens_given: int = 0
    _token: str = ""
    _seen: dict[tuple[str, str], tuple[float, Sent]] = field(default_factory=dict)

    def sends(self, request: Request) -> bool:
        """Both kinds of message."""
        return request.path.endswith("/send")

    def answer(self, request: Request) -> Answer:
        """Errors come with status 200."""
        asked = request.json
        if not isinstance(asked, dict):
            return _said(47001, "data format error")
        if request.path == "/cgi-bin/stable_token":
            return self._give(asked)
        known = {
            "/cgi-bin/message/template/send": self._template,
            "/cgi-bin/message/subscribe/send": self._subscribe,
        }
        if request.path not in known:
            return Answer(404, {})
        if not self._token or request.query.get("access_token") != self._token:
            return _said(40001, "invalid credential, access_token is invalid or not latest")
        if self.hurried():
            return _said(45011, "api minute-quota reach limit")
        return known[request.path](asked)

    def forget_token(self) -> None:
        """The token is none any more, as when somebody else asked for one by the old interface."""
        self._token = secrets.token_urlsafe(64)

    def receipt(self, sent: Sent, *, delivered: bool) -> tuple[dict[str, str], bytes]:
        """What is posted about a template message: (query, body)."""
        status = "success" if delivered else "failed:user block"
        body = (
            "<xml><ToUserName><![CDATA[gh_1]]></ToUserName>"
            f"<FromUserName><![CDATA[{sent.address}]]></FromUserName>"
            f"<CreateTime>{int(time.time())}</CreateTime><MsgType><![CDATA[event]]></MsgType>"
            f"<Event><![CDATA[TEMPLATESENDJOBFINISH]]></Event><MsgID>{int(sent.ref)}</MsgID>"
            f"<Status><![CDATA[{status}]]></Status></xml>"
        )
        return self.signed(), body.encode()

    def signed(self) -> dict[str, str]:
        """The query of a callback."""
        stamp, nonce = str(int(time.time())), secrets.token_hex(4)
        text = "".join(sorted((self.token, stamp, nonce)))
        signature = hashlib.sha1(text.encode()).hexdigest()
        return {"signature": signature, "timestamp": stamp, "nonce": nonce}

    def _give(self, asked: dict[str, Any]) -> Answer:
        if asked.get("appid") != self.app_id:
            return _said(40013, "invalid appid")
        if asked.get("secret") != self.secret:
            return _said(40125, "invalid appsecret")
        self.tokens_given += 1
        if not self._token or asked.get("force_refresh") or "-" not in self._token[:8]:
            self._token = f"t-{secrets.token_urlsafe(64)}"
        return Answer(200, {"access_token": self._token, "expires_in": 7200})

    def _template(self, asked: dict[str, Any]) -> Answer:
        fault = self._unfit(asked)
        if fault:
            return fault
        key = asked["touser"], asked.get("client_msg_id", "")
        at, sent = self._seen.get(key, (float("-inf"), None))
        if not key[1] or sent is None or time.monotonic() - at > KEY_SECONDS:
            sent = self.note(key[0], key[1], _values(asked))
            self._seen[key] = time.monotonic(), sent
        return Answer(200, {"errcode": 0, "errmsg": "ok", "msgid": int(sent.ref)})

    def _subscribe(self, asked: dict[str, Any]) -> Answer:
        fault = self._unfit(asked)
        if fault:
            return fault
        if self.subscribed is not None:
            if asked["touser"] not in self.subscribed:
                return _said(43101, "user refuse to accept the msg")
            self.subscribed.discard(asked["touser"])  # one message for one subscription
        self.note(asked["touser"], "", _values(asked))
        return _said(0, "ok")

    def _unfit(self, asked: dict[str, Any]) -> Answer | None:
        if not asked.get("touser") or asked["touser"] in self.unknown:
            return _said(40003, f"invalid openid {asked.get('touser')}")
        if asked.get("template_id") not in self.templates:
            return _said(40037, "invalid template_id")
        for name, each in asked.get("data", {}).items():
            most = _MOST.get(name.rstrip("0123456789"), 10_000)
            if not isinstance(each, dict) or len(str(each.get("value", ""))) > most:
                return _said(47003, f"argument invalid! data.{name}.value invalid")
        return None


def _values(asked: dict[str, Any]) -> dict[str, Any]:
    said = {name: each["value"] for name, each in asked.get("data", {}).items()}
    return {"template": asked["template_id"], "url": asked.get("url"), **said}


def _said(number: int, text: str) -> Answer:
    return Answer(200, {"errcode": number, "errmsg": f"{text} rid: {secrets.token_hex(8)}"})

"""WeChat: template messages of an official account, subscribe messages of a mini-program.

A template message carries its delivery as client_msg_id: WeChat sends one message for one id and
user within ten minutes, so a lost answer is settled by calling again in that time, and is left as
`unknown` after it. A subscribe message has no such id and cannot be asked after: a lost answer
leaves it `unknown` at once. What became of template messages is posted, signed, as XML
(TEMPLATESENDJOBFINISH; plain mode), by WeChat's own number; of subscribe messages the call's answer
tells no number, so that nothing can be told later.
"""

import hmac
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from typing import Any

import msgspec

from gateway_service.dispatch.carrier import Plain, Told
from gateway_service.dispatch.domain import Letter, Loss, Outcome, Rate, Receipt, Verdict, code
from gateway_service.egress.channels.calls import Caller, Failed
from gateway_service.egress.channels.templates import NoTemplate, filled
from gateway_service.egress.channels.tokens import Issued, Tokens

KEYED, UNKEYED = Loss(key_for=timedelta(minutes=10)), Loss()
URL = "https://api.weixin.qq.com"
_BAD_TOKEN = frozenset({40001, 40014, 42001})
_TOKEN, _TEMPLATE = "/cgi-bin/stable_token", "/cgi-bin/message/template/send"
_SUBSCRIBE = "/cgi-bin/message/subscribe/send"
_JSON = {"content-type": "application/json"}
_IN_DOUBT = frozenset({-1})
_BUSY = frozenset({45011})
# Of the account: secret, quota of the day, rights, address of the caller.
_OURS = frozenset({40013, 40125, 40164, 41002, 41004, 45009, 48001, 50002, 89503}) | _BAD_TOKEN
_MOST = 64 * 1024
_XML = re.compile(
    r"<(MsgType|Event|MsgID|Status|CreateTime)>\s*(?:<!\[CDATA\[(.*?)\]\]>|([^<]*))\s*</\1>",
    re.DOTALL,
)

Body = Callable[[Letter], dict[str, Any]]


@dataclass(slots=True)
class Account:
    """Calls on behalf of one app id, with a token that all gateways share."""

    app_id: str
    secret: str = field(repr=False)
    caller: Caller
    tokens: Tokens
    url: str = URL

    async def call(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer. A token that is none any more is replaced once; nothing is sent by a call
        with one. Raises Failed."""
        token = await self.tokens.good(self._issue)
        told = await self._post(f"{path}?access_token={token}", body)
        if told.get("errcode") in _BAD_TOKEN:
            token = await self.tokens.good(self._issue, instead_of=token)
            told = await self._post(f"{path}?access_token={token}", body)
        return told

    async def _issue(self, force: bool) -> Issued:
        """A new token. Raises Failed: without one nothing was sent."""
        asked = {
            "grant_type": "client_credential", "appid": self.app_id, "secret": self.secret,
            "force_refresh": force,
        }  # fmt: skip
        try:
            told = await self._post(_TOKEN, asked)
        except Failed as failed:
            raise Failed(Outcome(Verdict.NOT_TAKEN, failed.outcome.reason)) from None
        if not isinstance(told.get("access_token"), str):
            raise Failed(Outcome(Verdict.NOT_TAKEN, code(told.get("errcode"))))
        life = timedelta(seconds=int(told.get("expires_in", 0)))
        return Issued(told["access_token"], life)

    async def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        raw = msgspec.json.encode(body)
        answer = await self.caller.call("POST", f"{self.url}{path}", _JSON, raw)
        if not isinstance(answer.json, dict) or answer.status >= 500:
            raise Failed(Outcome(Verdict.LOST, "no_sense"))
        return answer.json


@dataclass(slots=True)
class OfficialAccount(Plain):
    """See `Carrier`. `token` is what the account's callbacks are signed with."""

    account: Account
    templates: dict[str, tuple[str, str]]
    rate: Rate
    token: str = field(default="", repr=False)
    loss: Loss = KEYED
    name: str = "wechat"

    async def send(self, letter: Letter) -> Outcome:
        """A template message; a tap leads to the message's link."""
        try:
            fill = filled(letter, self.templates)
        except NoTemplate:
            return Outcome(Verdict.REJECTED, "no_template")
        body = {
            "touser": letter.address,
            "template_id": fill.template,
            "client_msg_id": letter.key,
            "data": _data(fill.fields),
        }
        if link := letter.content.link or letter.content.unsubscribe:
            body["url"] = link
        return await _sent(self.account.call(_TEMPLATE, body))

    def told(self, query: Mapping[str, str], body: bytes) -> Told:
        """A signed event. Others than what became of a template message are heard and left."""
        if len(body) > _MOST or not self._signed(query):
            raise ValueError("not WeChat's")
        if not body:
            return Told([], query.get("echostr", "").encode(), "text/plain")
        text = body.decode()
        if not text.startswith("<xml>") or "<!DOCTYPE" in text:
            raise ValueError("no message")
        said = {name: marked or plain for name, marked, plain in _XML.findall(text)}
        receipts = []
        if said.get("Event") == "TEMPLATESENDJOBFINISH" and said.get("MsgID", "0") != "0":
            status = said.get("Status", "")
            delivered = status == "success"
            reason = None if delivered else code(status.replace(": ", ":").replace(" ", "_"))
            at = datetime.fromtimestamp(int(said.get("CreateTime") or 0), UTC)
            receipts.append(Receipt(delivered, None, said["MsgID"], reason, at))
        return Told(receipts, b"success", "text/plain")

    async def close(self) -> None:
        """Give up connections."""
        await self.account.caller.close()

    def _signed(self, query: Mapping[str, str]) -> bool:
        parts = sorted((self.token, query.get("timestamp", ""), query.get("nonce", "")))
        right = sha1("".join(parts).encode()).hexdigest()
        given = query.get("signature", "").encode()
        return bool(self.token) and hmac.compare_digest(right.encode(), given)


@dataclass(slots=True)
class MiniProgram(Plain):
    """See `Carrier`. Only who took this template's subscription in the mini-program gets one."""

    account: Account
    templates: dict[str, tuple[str, str]]
    rate: Rate
    loss: Loss = UNKEYED
    name: str = "miniprogram"

    async def send(self, letter: Letter) -> Outcome:
        """A subscribe message; a tap leads to the page that the message's link names."""
        try:
            fill = filled(letter, self.templates)
        except NoTemplate:
            return Outcome(Verdict.REJECTED, "no_template")
        body: dict[str, Any] = {
            "touser": letter.address,
            "template_id": fill.template,
            "lang": "en_US" if letter.content.language == "en" else "zh_CN",
            "data": _data(fill.fields),
        }
        if letter.content.link:
            body["page"] = letter.content.link
        return await _sent(self.account.call(_SUBSCRIBE, body))

    async def close(self) -> None:
        """Give up connections."""
        await self.account.caller.close()


async def _sent(call: Awaitable[dict[str, Any]]) -> Outcome:
    try:
        told = await call
    except Failed as failed:
        return failed.outcome
    number = told.get("errcode")
    if number == 0:
        ref = told.get("msgid")
        return Outcome(Verdict.ACCEPTED, None, str(ref) if ref else None)
    if number in _BUSY:
        return Outcome(Verdict.BUSY, code(number))
    if number in _OURS:
        return Outcome(Verdict.NOT_TAKEN, code(number))
    if number is None or number in _IN_DOUBT:
        return Outcome(Verdict.LOST, code(number, "no_sense"))
    return Outcome(Verdict.REJECTED, code(number))


def _data(fields: Mapping[str, str]) -> dict[str, dict[str, str]]:
    return {name: {"value": value} for name, value in fields.items()}

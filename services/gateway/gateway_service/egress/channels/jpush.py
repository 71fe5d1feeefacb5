"""App push by Aurora (JPush, REST API v3), which most Chinese apps use for all phone makers.

Every message has a cid that JPush gave out before: a cid is pushed once a day however often it is
called, so a lost answer is settled by calling again, within that day. The address is the
registration id of the app's installation, kept as the member's `device_id`.
"""

import base64
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec

from gateway_service.dispatch.carrier import Keyed, Plain
from gateway_service.dispatch.domain import Letter, Loss, Outcome, Rate, Verdict, code
from gateway_service.egress.channels.calls import Answer, Caller, Failed

LOSS = Loss(key_for=timedelta(days=1))
URL = "https://api.jpush.cn"
_CIDS = 10  # that a call gives at most, unless the app is a VIP's
_OURS = frozenset({1004, 1008, 1020, 2003, 2004})
_BUSY = frozenset({2002, 2008})
_IN_DOUBT = frozenset({1000, 1030})
_LIVES = 86_400  # seconds that a message waits for a phone that is off
TITLES = {"zh": "会员消息", "en": "For you as a member"}


@dataclass(slots=True)
class JPush(Plain):
    """See `Carrier`."""

    app_key: str
    secret: str = field(repr=False)
    rate: Rate
    caller: Caller
    url: str = URL
    production: bool = True
    loss: Loss = LOSS
    name: str = "jpush"
    _stock: deque[str] = field(default_factory=deque, repr=False)

    async def stock(self, number: int) -> int:
        """Have cids."""
        while len(self._stock) < number:
            try:
                answer = await self._call("GET", f"/v3/push/cid?count={_CIDS}", b"")
            except Failed:
                break
            given = answer.json.get("cidlist") if isinstance(answer.json, dict) else None
            if answer.status != 200 or not given:
                break
            self._stock.extend(given)
        return len(self._stock)

    def keys(self, messages: Sequence[Keyed]) -> Sequence[str]:
        """Cids out of the stock."""
        return [self._stock.popleft() for _ in messages]

    async def send(self, letter: Letter) -> Outcome:
        """A notification to one installation."""
        said = letter.content
        title = said.title or TITLES["en" if said.language == "en" else "zh"]
        extras = {"delivery_id": letter.delivery_id.hex} | (
            {"link": said.link} if said.link else {}
        )
        body: dict[str, Any] = {
            "cid": letter.key,
            "platform": "all",
            "audience": {"registration_id": [letter.address]},
            "notification": {
                "alert": said.text,
                "android": {"alert": said.text, "title": title, "extras": extras},
                "ios": {"alert": {"title": title, "body": said.text}, "extras": extras},
            },
            "options": {"time_to_live": _LIVES, "apns_production": self.production},
        }
        try:
            answer = await self._call("POST", "/v3/push", msgspec.json.encode(body))
        except Failed as failed:
            return failed.outcome
        return _outcome(answer)

    async def close(self) -> None:
        """Give up connections."""
        await self.caller.close()

    async def _call(self, method: str, path: str, body: bytes) -> Answer:
        pair = base64.b64encode(f"{self.app_key}:{self.secret}".encode()).decode()
        headers = {"authorization": f"Basic {pair}", "content-type": "application/json"}
        return await self.caller.call(method, f"{self.url}{path}", headers, body)


def _outcome(answer: Answer) -> Outcome:
    told = answer.json if isinstance(answer.json, dict) else {}
    if answer.status == 200 and told.get("msg_id"):
        return Outcome(Verdict.ACCEPTED, None, str(told["msg_id"]))
    number = (told.get("error") or {}).get("code")
    if number in _BUSY or answer.status == 429:
        return Outcome(Verdict.BUSY, code(number))
    if number in _OURS or answer.status in (401, 403):
        return Outcome(Verdict.NOT_TAKEN, code(number))
    if number is None or number in _IN_DOUBT or answer.status >= 500:
        return Outcome(Verdict.LOST, code(number, "no_sense"))
    return Outcome(Verdict.REJECTED, code(number))

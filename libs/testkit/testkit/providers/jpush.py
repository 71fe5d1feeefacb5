"""JPush's REST API v3 as far as a caller can tell: cids, pushes, errors."""

import base64
import uuid
from dataclasses import dataclass, field
from typing import Any

from testkit.providers.double import Answer, Double, Request, Sent


@dataclass
class JPushDouble(Double):
    """A cid that was given out is pushed once; again it gets the first answer."""

    app_key: str = "jp-key"
    secret: str = "jp-secret"
    given: set[str] = field(default_factory=set)
    _pushed: dict[str, Sent] = field(default_factory=dict)

    def sends(self, request: Request) -> bool:
        """A push."""
        return request.path == "/v3/push"

    def answer(self, request: Request) -> Answer:
        """Errors have a status and a code."""
        pair = base64.b64encode(f"{self.app_key}:{self.secret}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {pair}":
            return _error(401, 1004, "Authen failed")
        if request.path == "/v3/push/cid" and request.method == "GET":
            number = min(int(request.query.get("count", "1")), 10)
            cids = [f"{self.app_key}-{uuid.uuid4()}" for _ in range(number)]
            self.given.update(cids)
            return Answer(200, {"cidlist": cids})
        if request.path != "/v3/push" or request.method != "POST":
            return _error(404, 1001, "method not allowed")
        asked = request.json
        return self._push(asked) if isinstance(asked, dict) else _error(400, 1003, "bad json")

    def _push(self, asked: dict[str, Any]) -> Answer:
        if self.hurried():
            return _error(429, 2002, "Rate limit exceeded")
        cid = asked.get("cid", "")
        if cid and cid not in self.given:
            return _error(400, 1003, "cid is invalid")
        ids = asked.get("audience", {}).get("registration_id")
        if not ids or not asked.get("platform") or not asked.get("notification"):
            return _error(400, 1002, "missing parameter")
        if ids[0] in self.unknown:
            return _error(400, 1011, f"cannot find user by this audience {ids[0]}")
        sent = self._pushed.get(cid)
        if sent is None:
            sent = self.note(ids[0], cid, asked["notification"])
            self._pushed[cid] = sent
        return Answer(200, {"sendno": "0", "msg_id": sent.ref})


def _error(status: int, number: int, text: str) -> Answer:
    return Answer(status, {"error": {"code": number, "message": text}})

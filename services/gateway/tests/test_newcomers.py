"""Who has registered somebody goes on at once: news on its way is waited for."""

from typing import Any
from uuid import uuid4

from services.gateway.tests.conftest import Gateway
from services.gateway.tests.inner import Seen

from contracts.roles import Role

UNKNOWN = {"type": "about:blank", "title": "?", "status": 404, "code": "unknown_member"}
PHONE = {"kind": "phone", "value": "13912345678"}


async def test_a_service_that_has_not_heard_of_a_newcomer_is_asked_again(gateway: Gateway) -> None:
    def registered(seen: Seen) -> tuple[int, Any]:
        return 201, {
            "member_id": seen.json["member_id"], "registered_at": "2026-01-05T10:00:00Z",
        }  # fmt: skip

    gateway.inner.replies["POST /v1/members"] = registered
    pos = await gateway.as_(Role.POS)
    joined = await gateway.http.post("/v1/members", json={"identifiers": [PHONE]}, headers=pos)
    path = f"/v1/members/{joined.json()['member_id']}/points"
    asked = 0

    def later(_seen: Seen) -> tuple[int, Any]:
        nonlocal asked
        asked += 1
        return (404, UNKNOWN) if asked < 3 else (200, {"redeemable": 0})

    gateway.inner.replies[f"GET {path}"] = later
    answer = await gateway.http.get(path, headers=pos)
    assert (answer.status_code, asked) == (200, 3)


async def test_nobody_waits_for_a_stranger(gateway: Gateway) -> None:
    path = f"/v1/members/{uuid4()}/points"
    gateway.inner.replies[f"GET {path}"] = 404, UNKNOWN
    answer = await gateway.http.get(path, headers=await gateway.as_(Role.POS))
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_member")
    assert [seen.path for seen in gateway.inner.seen].count(path) == 1

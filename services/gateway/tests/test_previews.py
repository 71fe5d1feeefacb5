"""Previews of messages: the name that will stand there, as far as the caller may see it."""

from typing import Any
from uuid import UUID

import msgspec
import pytest
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.inner import Inner
from services.gateway.tests.test_egress import lives

from contracts.roles import Role
from contracts.sealed import PREFIXES

MEMBER, GONE = UUID(int=11), UUID(int=12)
PATH = f"/v1/templates/{UUID(int=1)}/render"


def preview(member: UUID | None) -> dict[str, Any]:
    return {
        "language": "zh", "variant": "a", "parts": {"text": "{name}，您好"}, "fallbacks": [],
        "missing": [], "faults": [], "wording": {"verdict": "pass", "findings": []},
        "sendable": True, **({"member_id": str(member)} if member else {}),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("role", "shown"), [(Role.ADMIN, "张*"), (Role.PLANNER, None), (Role.APPROVER, None)]
)
async def test_a_name_is_shown_as_the_policy_says(
    gateway: Gateway, inner: Inner, role: Role, shown: str | None
) -> None:
    await lives(inner, gateway, MEMBER)
    inner.replies[f"GET /internal/members/{GONE}"] = 404, {"code": "unknown_member"}
    previews = [preview(MEMBER), preview(GONE), preview(None)]
    inner.replies[f"POST {PATH}"] = 200, {
        "template_id": str(UUID(int=1)), "version": 1, "previews": previews,
    }  # fmt: skip
    body = {"channel": "sms", "sample": 3}
    answer = await gateway.http.post(PATH, json=body, headers=await gateway.as_(role))
    assert answer.status_code == 200, answer.text
    first, second, third = answer.json()["previews"]
    assert first.get("name") == shown and first["parts"] == {"text": "{name}，您好"}
    assert second.get("name") is third.get("name") is None
    if role is not Role.ADMIN:
        assert first["member_id"] != str(MEMBER)
    assert "张三" not in answer.text and not any(each in answer.text for each in PREFIXES)
    asked = [seen for seen in inner.seen if seen.path == PATH]
    assert "张" not in asked[-1].body.decode() and msgspec.json.decode(asked[-1].body) == body

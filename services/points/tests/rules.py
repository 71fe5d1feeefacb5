"""Earning rules as they are sent."""

from typing import Any

from services.points.tests.conftest import Shop

NAME = {"zh": "名", "en": "name"}


def body(rule_id: str, kind: str, amount: int, *conditions: dict[str, Any], **other: Any) -> Any:
    """A rule as it is sent."""
    effect = {"kind": kind, "amount": amount}
    told = {"rule_id": rule_id, "name": NAME, "effect": effect, "conditions": list(conditions)}
    return told | other


async def post(shop: Shop, told: dict[str, Any]) -> dict[str, Any]:
    """Add a rule."""
    answer = await shop.client.post("/v1/earning-rules", json=told)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())

"""The walk over what is audited, where campaigns take their steps."""

import re
from typing import Any

from services.gateway.tests.test_rights import MEMBER
from services.gateway.tests.walk import Walk

from contracts import openapi
from contracts.auditing import Action

CAMPAIGN: dict[str, dict[str, Any]] = {
    "": {
        "name": "spring", "scenario": "repurchase", "budget": {"amount": 100},
        "offer": {"percent_off": 20, "valid_days": 7},
    },
    **{step: {} for step in ("submit", "approve", "launch", "pause", "finish")},
    "reject": {"reason": "too dear"}, "copy": {"name": "again"},
}  # fmt: skip


async def campaigns(walk: Walk, _: Any) -> None:
    for operation in (each for each in openapi.operations() if each.audited is Action.CAMPAIGN):
        path = re.sub(r"{\w+}", str(MEMBER), operation.path)
        walk.inner.replies[f"{operation.method} {path}"] = operation.status, {}
        role = min(operation.roles)
        body = CAMPAIGN.get(operation.path.rpartition("/")[2], CAMPAIGN[""])
        async with walk.records(("campaign", "done", operation.name), role=role):
            answer = await walk.by(role, operation.method, path, body)
            assert answer.is_success, answer.text

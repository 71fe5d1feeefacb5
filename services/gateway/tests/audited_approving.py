"""The walk over what is audited, where somebody else has to agree: readings, campaigns."""

import re
from typing import Any

from services.gateway.tests.test_rights import MEMBER
from services.gateway.tests.walk import Walk

from contracts import openapi
from contracts.auditing import Action
from contracts.roles import Role

CAMPAIGN: dict[str, dict[str, Any]] = {
    "": {
        "name": "spring", "scenario": "repurchase", "budget": {"amount": 100},
        "offer": {"percent_off": 20, "valid_days": 7},
    },
    **{step: {} for step in ("submit", "approve", "launch", "pause", "finish")},
    "reject": {"reason": "too dear"}, "copy": {"name": "again"},
}  # fmt: skip


async def approvals(walk: Walk, _: Any) -> None:
    ask = f"/v1/members/{MEMBER}/read-approvals"
    decide = "POST /v1/read-approvals/{approval_id}/decide"
    for granted, decision in ((True, "done"), (False, "refused")):
        asking = {"purpose": "service", "ticket": "T-8"}
        named = ("approve", "done", "POST /v1/members/{member_id}/read-approvals")
        async with walk.records(named, ticket="T-8", members=walk.member):
            asked = (await walk.by(Role.SERVICE_AGENT, "POST", ask, asking)).json()
        path = f"/v1/read-approvals/{asked['approval_id']}/decide"
        async with walk.records(("approve", decision, decide), role="approver", ticket="T-8"):
            await walk.by(Role.APPROVER, "POST", path, {"granted": granted})
    async with walk.records(("approve", "refused", decide)):  # decided already
        await walk.by(Role.COMPLIANCE, "POST", path, {"granted": True})


async def campaigns(walk: Walk, _: Any) -> None:
    for operation in (each for each in openapi.operations() if each.audited is Action.CAMPAIGN):
        path = re.sub(r"{\w+}", str(MEMBER), operation.path)
        walk.inner.replies[f"{operation.method} {path}"] = operation.status, {}
        role = min(operation.roles)
        body = CAMPAIGN.get(operation.path.rpartition("/")[2], CAMPAIGN[""])
        async with walk.records(("campaign", "done", operation.name), role=role):
            answer = await walk.by(role, operation.method, path, body)
            assert answer.is_success, answer.text

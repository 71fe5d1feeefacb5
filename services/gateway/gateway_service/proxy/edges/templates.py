"""Previews of messages: who is meant is asked of identity, and shown as the policy says."""

import asyncio
from typing import Any

import msgspec

from contracts.identity_inner import Addressee
from gateway_service.proxy.call import Call
from gateway_service.proxy.client import Answer
from gateway_service.proxy.forward import SYSTEM, Forward, json_answer


async def render(forward: Forward, call: Call) -> Answer:
    """POST /v1/templates/{template_id}/render: campaign knows no names, so they are put in here,
    sealed as identity keeps them."""
    answer = await forward.plain(call)
    if answer.status != 200:
        return answer
    rendering = msgspec.json.decode(answer.body)
    about = [each for each in rendering.get("previews", ()) if each.get("member_id")]
    names = await asyncio.gather(*(_name(forward, each["member_id"]) for each in about))
    for preview, name in zip(about, names, strict=True):
        preview["name"] = name or preview.get("name")
    return json_answer(rendering)


async def _name(forward: Forward, member_id: Any) -> str | None:
    """A token, None for who has gone or has none."""
    target = f"/internal/members/{member_id}"
    answer = await forward.inner.request("identity", "GET", target, SYSTEM)
    return Addressee.model_validate_json(answer.body).name if answer.status == 200 else None

"""Ask campaign where a link leads; tell it whether a person follows it."""

import re
from dataclasses import dataclass

import msgspec

from chassis.problem import Problem
from contracts.campaign.responses import LinkTarget
from gateway_service.access.limits import Bucket, Limits, uncounted
from gateway_service.forms.page import told
from gateway_service.proxy.client import Gone, InnerClient
from gateway_service.proxy.forward import SYSTEM

MISSES = Bucket("links", 1 / 30, 20)  # wrong links that one address may try
_UNCOUNTED = uncounted().code
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16}")
Led = tuple[str | None, str, int]  # where to; else a page and its status


@dataclass(frozen=True, slots=True)
class Tap:
    """A link that is followed: from which address, with which browser's language, and whether
    only by a program that looks ahead."""

    token: str
    language: str
    caller: str
    ahead: bool


async def follow(inner: InnerClient, limits: Limits, tap: Tap) -> Led:
    """Where to; counted once it is a person. Wrong links are counted by address."""
    if not _TOKEN.fullmatch(tap.token):
        return await _missed(limits, tap)
    method = "GET" if tap.ahead else "POST"
    try:
        answer = await inner.request("campaign", method, f"/internal/links/{tap.token}", SYSTEM)
    except (Gone, TimeoutError):
        return None, told(tap.language, "away"), 503
    if answer.status == 404:
        return await _missed(limits, tap)
    if answer.status != 200:
        return None, told(tap.language, "away"), 503
    return msgspec.json.decode(answer.body, type=LinkTarget).url, "", 302


async def _missed(limits: Limits, tap: Tap) -> Led:
    """Forged, too old, of somebody erased: the same page. While counters are away nobody is
    stopped."""
    try:
        await limits.charge(MISSES, tap.caller)
    except Problem as problem:
        if problem.code != _UNCOUNTED:
            return None, told(tap.language, "too_often"), 429
    return None, told(tap.language, "unknown"), 404

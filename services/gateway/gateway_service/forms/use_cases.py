"""Ask campaign what a link leads to, and hand it what was answered."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs

import msgspec

from chassis.problem import Problem
from contracts.pages import PageForm, PageSent
from gateway_service.access.limits import Bucket, Limits, uncounted
from gateway_service.forms.page import page, told
from gateway_service.proxy.client import Gone, InnerClient
from gateway_service.proxy.forward import SYSTEM

MISSES = Bucket("forms", 1 / 30, 20)  # wrong links that one address may try
MOST_FIELDS, MOST_BYTES = 100, 20_000
_UNCOUNTED = uncounted().code
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,120}")
Shown = tuple[str, int]  # HTML, status


@dataclass(frozen=True, slots=True)
class Visit:
    """A link that somebody followed: from which address, with which browser's language."""

    token: str
    language: str
    caller: str


async def show(
    inner: InnerClient, limits: Limits, visit: Visit, sent: PageSent | None = None
) -> Shown:
    """The page; with `sent` what comes of that. Wrong links are counted by address."""
    language = visit.language
    method, body = ("POST", msgspec.json.encode(sent)) if sent else ("GET", b"")
    if not _TOKEN.fullmatch(visit.token):
        return await _missed(limits, visit)
    target = f"/internal/pages/{visit.token}?language={language}"
    try:
        answer = await inner.request("campaign", method, target, SYSTEM, body)
    except (Gone, TimeoutError):
        return told(language, "away"), 503
    if answer.status == 404:
        return await _missed(limits, visit)
    if answer.status != 200:
        return told(language, "away"), 503
    return page(msgspec.json.decode(answer.body, type=PageForm)), 200


def fields(body: bytes) -> dict[str, list[str]]:
    """What a form sent. Raises Problem 413 or 422 for what no form of ours sends."""
    if len(body) > MOST_BYTES:
        raise Problem(413, "body_too_large", "The body is too large")
    try:
        return parse_qs(body.decode("ascii"), max_num_fields=MOST_FIELDS, strict_parsing=bool(body))
    except ValueError:
        raise Problem(422, "no_form", "This is no form") from None


async def _missed(limits: Limits, visit: Visit) -> Shown:
    """Forged, too old, of somebody erased: the same page. While counters are away nobody is
    stopped."""
    try:
        await limits.charge(MISSES, visit.caller)
    except Problem as problem:
        if problem.code != _UNCOUNTED:
            return told(visit.language, "too_often"), 429
    return told(visit.language, "unknown"), 404

"""The link in every marketing message: one tap, no sign-in."""

from typing import Any

from contracts.gateway.common import NOBODY, PRIVACY
from contracts.operations import Operation


def _page(method: str, summary: str, **more: Any) -> Operation:
    return Operation(
        method, "/u/{token}", "gateway", summary, NOBODY, own=None, open=True, page=True,
        tags=PRIVACY, **more,
    )  # fmt: skip


OPERATIONS: list[Operation] = [
    _page("GET", "A page with one button; changes nothing"),
    _page("POST", "No more marketing by this channel (also RFC 8058, one click)"),
]

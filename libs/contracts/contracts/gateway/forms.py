"""The pages that links in messages and QR codes lead to: surveys, votes, invitations."""

from contracts.gateway.common import NOBODY
from contracts.operations import Operation


def _page(method: str, summary: str) -> Operation:
    return Operation(
        method, "/s/{token}", "gateway", summary, NOBODY, own=None, open=True, page=True,
        tags=("surveys",),
    )  # fmt: skip


OPERATIONS: list[Operation] = [
    _page("GET", "A survey, a vote or an invitation, without signing in; changes nothing"),
    _page("POST", "What was answered; once a link"),
]

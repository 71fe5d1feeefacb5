"""Who made one of two members, or two of one: in the audit with the members it is about."""

from urllib.parse import parse_qs
from uuid import UUID

import msgspec

from contracts.auditing import Action, Decision
from gateway_service.audit.calls import entry_of
from gateway_service.proxy.call import Call
from gateway_service.proxy.client import Answer
from gateway_service.proxy.forward import Forward


class _Pair(msgspec.Struct):
    """Of a merge, a split or a review, whom it is about."""

    survivor_id: UUID | None = None
    absorbed_id: UUID | None = None
    restored_id: UUID | None = None
    state: str | None = None


class _Linked(msgspec.Struct):
    merge: _Pair | None = None


async def audited(forward: Forward, call: Call) -> Answer:
    """POST /v1/merges, …/split, /v1/merge-reviews/{review_id}/decide."""
    answer = await forward.plain(call)
    if answer.status < 300:
        pair = msgspec.json.decode(answer.body, type=_Pair)
        previewed = "true" in parse_qs(call.query.decode("latin-1")).get("dry_run", ())
        _tell(call, pair, "dry_run" if previewed else pair.state)
    return answer


def after_link(call: Call, answer: Answer) -> None:
    """POST /v1/members/{member_id}/identifiers, where that merged two members."""
    if answer.status < 300 and (pair := msgspec.json.decode(answer.body, type=_Linked).merge):
        _tell(call, pair, None)


def _tell(call: Call, pair: _Pair, how: str | None) -> None:
    members = [each for each in (pair.survivor_id, pair.absorbed_id, pair.restored_id) if each]
    fields = [how] if how else []
    call.audited = True
    call.entries.append(entry_of(call, Action.MERGE, Decision.DONE, members=members, fields=fields))

"""Merges, splits and what is decided of reviews, for the walk over what is audited."""

from typing import Any
from uuid import UUID

from services.gateway.tests.test_rights import ABSORBED, MEMBER
from services.gateway.tests.walk import Walk

from contracts.roles import Role

THEIRS = f"/v1/members/{MEMBER}"
MERGE = UUID(int=77)


async def unions(walk: Walk, _: Any) -> None:
    """Each step, tried out and done, with the members it is about."""
    pair = {"survivor_id": str(MEMBER), "absorbed_id": str(ABSORBED)}
    merge = {
        **pair, "source": "staff", "evidence": "same_person", "actor": "a", "identifiers": [],
        "members": [], "filled": [],
    }  # fmt: skip
    split = {
        "merge_id": str(MERGE), "survivor_id": str(MEMBER), "restored_id": str(ABSORBED),
        "members": [], "identifiers": [], "cleared": [],
    }  # fmt: skip
    review = {
        **pair, "review_id": str(MERGE), "state": "apart", "bits": 1.0, "probability": 0.7,
        "evidence": [], "found_at": "2017-01-01T00:00:00Z",
    }  # fmt: skip
    reviews = "/v1/merge-reviews/{review_id}/decide"
    steps: list[tuple[str, str, Any, Any, list[str]]] = [
        ("/v1/merges", "?dry_run=true", pair, merge, ["dry_run"]),
        ("/v1/merges", "", pair, merge, []),
        ("/v1/merges/{merge_id}/split", "?dry_run=true", {}, split, ["dry_run"]),
        ("/v1/merges/{merge_id}/split", "", {}, split, []),
        (reviews, "", {"decision": "apart"}, review, ["apart"]),
    ]
    for path, query, body, told, fields in steps:
        filled = path.format(merge_id=MERGE, review_id=MERGE)
        walk.inner.replies[f"POST {filled}"] = 200, told
        of = {"role": "service_agent", "members": walk.everybody, "fields": fields}
        async with walk.records(("merge", "done", f"POST {path}"), **of):
            done = await walk.by(Role.SERVICE_AGENT, "POST", filled + query, body)
            assert done.status_code == 200, done.text
    link = "POST /v1/members/{member_id}/identifiers"
    linked = {"member_id": str(MEMBER), "outcome": "merged", "merge": merge}
    walk.inner.replies[f"POST {THEIRS}/identifiers"] = 200, linked
    async with walk.records(("merge", "done", link), members=walk.everybody):
        card = {"kind": "card_no", "value": "C-secret"}
        await walk.by(Role.POS, "POST", f"{THEIRS}/identifiers", card)
    conflict = {"type": "x", "title": "x", "status": 409, "code": "already_merged"}
    walk.inner.replies["POST /v1/merges"] = 409, conflict
    async with walk.records(("merge", "refused", "POST /v1/merges")):
        await walk.by(Role.SERVICE_AGENT, "POST", "/v1/merges", pair)

"""Show what ships, and plan a copy of it."""

from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from campaign_service.campaigns import use_cases as campaigns
from campaign_service.campaigns.use_cases import Office
from chassis.database import Tx
from chassis.problem import Problem
from contracts.campaign import library as api
from contracts.campaign.plans import Campaign, CampaignRequest


@cache
def shipped() -> dict[str, api.ReadyCampaign]:
    """All of them by key, in the sequence in which they are shown."""
    files = (Path(__file__).parent / "entries").glob("*.json")
    entries: list[dict[str, Any]] = [msgspec.json.decode(file.read_bytes()) for file in files]
    entries.sort(key=lambda each: each.pop("place"))
    return {each["key"]: api.ReadyCampaign.model_validate(each) for each in entries}


def listed() -> api.ReadyCampaigns:
    """What ships."""
    return api.ReadyCampaigns(data=list(shipped().values()))


async def copy(
    tx: Tx, office: Office, author: str, key: str, body: api.ReadyCopyRequest, *, dry_run: bool
) -> Campaign:
    """A plan of this kind, the caller's own. Raises Problem 404, 422 where it needs segments, and
    what planning raises."""
    ready = shipped().get(key)
    if ready is None:
        raise Problem(404, "unknown_campaign", "No such campaign ships")
    if len(body.segments) < len(ready.needs):
        title = f"It needs {len(ready.needs)} segments: make them as its `needs` say"
        raise Problem(422, "segments_needed", title, pointer="/segments")
    plan = ready.plan.model_dump(mode="json", exclude_unset=True)
    plan["name"] = body.name or ready.names.zh
    if body.segments:
        ids = [str(each) for each in body.segments]
        plan["audience"] = {**plan.get("audience", {}), "segments": ids}
    if body.schedule is not None:
        plan["schedule"] = body.schedule.model_dump(mode="json")
    if body.budget is not None:
        plan["budget"] = body.budget.model_dump(mode="json")
    request = CampaignRequest.model_validate(plan)
    return await campaigns.plan(tx, office, author, request, dry_run=dry_run)

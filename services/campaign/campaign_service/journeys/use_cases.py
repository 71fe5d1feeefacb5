"""Lay journeys out, let versions take over, tell where members are and how they got there."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from campaign_service import following
from campaign_service.audiences import repository as audiences
from campaign_service.campaigns import repository as campaigns
from campaign_service.campaigns.domain import Campaign
from campaign_service.journeys import checking, domain, repository, saying, versions
from campaign_service.journeys.rules import in_words
from campaign_service.journeys.running import parsed
from campaign_service.journeys.versions import Kept
from chassis.database import Tx
from chassis.problem import Problem
from contracts.base import ProblemError
from contracts.campaign import journeys as api
from contracts.campaign.plans import CampaignStatus as Status
from contracts.events import MembersMerged

IN_FORCE = (Status.APPROVED, Status.LAUNCHED, Status.PAUSED)


async def lay_out(
    tx: Tx, author: str, body: api.JourneyRequest, *, dry_run: bool = False
) -> api.Journey:
    """A journey for a planned campaign. Raises Problem 404, 409 `not_planned`, `journey_exists`,
    422 with a pointer to each fault."""
    campaign = await campaigns.get(tx, body.campaign_id, lock=True)
    if campaign is None:
        title = "There is no such campaign"
        raise Problem(404, "unknown_campaign", title, pointer="/campaign_id")
    if campaign.status is not Status.PLANNED:
        raise Problem(409, "not_planned", f"The campaign is {campaign.status} already")
    definition = await _sayable(tx, campaign, body.definition)
    if await versions.of_campaign(tx, body.campaign_id) is not None:
        raise Problem(409, "journey_exists", "The campaign has a journey: put its next version")
    journey_id = tx.ids.new()
    kept = Kept(
        0, journey_id, campaign.campaign_id, campaign.name, campaign.status, 1, 1,
        _document(definition), _document(api.Upgrade()), author, None, tx.now, None,
    )  # fmt: skip
    if not dry_run:
        await versions.add(tx, journey_id, campaign.campaign_id)
        await versions.add_version(tx, kept, domain.watches(definition))
    return _answer(kept, 1)


async def change(
    tx: Tx, journey_id: UUID, author: str, body: api.JourneyVersionRequest, *,
    dry_run: bool = False,
) -> api.Journey:  # fmt: skip
    """The next version. It takes over at once while the campaign is planned; of one in force it
    waits for approval. Raises Problem 404, 409 `under_review`, `campaign_finished`, 422."""
    if not await versions.lock(tx, journey_id):
        raise _unknown()
    last, running = await _get(tx, journey_id, newest=True), await _get(tx, journey_id)
    if last.status == Status.SUBMITTED:
        raise Problem(409, "under_review", "The plan is being looked at: have it sent back first")
    if last.status == Status.FINISHED:
        raise Problem(409, "campaign_finished", "The campaign is finished")
    campaign = await campaigns.get(tx, last.campaign_id)
    assert campaign is not None, "a journey is one of a campaign"
    definition = await _sayable(tx, campaign, body.definition)
    _refuse(checking.unmapped(parsed(running.document), definition, body.upgrade))
    planned = last.status == Status.PLANNED
    version = last.version + 1
    kept = Kept(
        last.seq, journey_id, last.campaign_id, last.campaign, last.status,
        version if planned else last.running, version, _document(definition),
        _document(body.upgrade), author, None, tx.now, None,
    )  # fmt: skip
    if not dry_run:
        await versions.add_version(tx, kept, domain.watches(definition))
        if planned:
            await versions.run_version(tx, journey_id, version, None)
    return _answer(kept, version)


async def _sayable(tx: Tx, campaign: Campaign, definition: api.Definition) -> api.Definition:
    _refuse(checking.faults(definition))
    definition, faults = await saying.settled(tx, campaign, definition)
    _refuse(faults)
    return definition


async def approve(
    tx: Tx, journey_id: UUID, actor: str, version: int, *, dry_run: bool = False
) -> api.Journey:
    """The last version takes over. Raises Problem 404, 409 `wrong_version`, `wrong_step`, 403
    `own_version`."""
    if not await versions.lock(tx, journey_id):
        raise _unknown()
    last, running = await _get(tx, journey_id, newest=True), await _get(tx, journey_id)
    if last.status not in IN_FORCE or last.version == last.running:
        raise Problem(409, "wrong_step", "No version waits for approval")
    if version != last.version:
        title = "There is a later version than the one that was looked at"
        raise Problem(409, "wrong_version", title, pointer="/version")
    if actor == last.author:
        raise Problem(403, "own_version", "Somebody else has to judge your version")
    upgrade = api.Upgrade.model_validate(last.upgrade)
    # it was checked against the version that ran when it was made, which may be another one now
    before, after = parsed(running.document), parsed(last.document)
    _refuse(checking.unmapped(before, after, upgrade))
    if not dry_run:
        await audiences.lock(tx)
        await versions.run_version(tx, journey_id, version, actor)
        if upgrade.rule == "move":
            await _move(tx, journey_id, last, upgrade)
    return _answer(replace(last, running=version, approver=actor), version)


async def _move(tx: Tx, journey_id: UUID, last: Kept, upgrade: api.Upgrade) -> None:
    """Members may be on any version before; a node they are at that is gone has to lead on."""
    here = await versions.occupied(tx, journey_id)
    found = await versions.documents(tx, journey_id, {version for version, _ in here})
    after = parsed(last.document)
    changed: set[str] = set()
    for version, node in here:
        if node in upgrade.nodes:
            continue
        if node not in after.nodes:
            _refuse([ProblemError(
                pointer="/upgrade/nodes", code="node_gone",
                detail=f"members at `{node}` of version {version} have to go on somewhere",
            )])  # fmt: skip
        if parsed(found[version]).nodes[node] != after.nodes[node]:
            changed.add(node)
    await versions.move(tx, journey_id, last.version, upgrade.nodes, changed)


async def show(tx: Tx, journey_id: UUID, version: int | None) -> api.Journey:
    """A version. Raises Problem 404."""
    kept = await versions.get(tx, journey_id, version)
    if kept is None:
        raise _unknown()
    return _answer(kept, (await versions.last_versions(tx, [journey_id]))[journey_id])


async def listed(tx: Tx, before: int | None, limit: int) -> api.JourneyPage:
    """A page of journeys."""
    found = await versions.page(tx, before, limit + 1)
    last = await versions.last_versions(tx, [kept.journey_id for kept in found])
    return api.JourneyPage(
        data=[_answer(kept, last[kept.journey_id]) for kept in found[:limit]],
        next_cursor=str(found[limit - 1].seq) if len(found) > limit else None,
    )


async def counts(tx: Tx, journey_id: UUID) -> api.JourneyCounts:
    """Where members are. Raises Problem 404."""
    await _get(tx, journey_id)
    rows = await versions.counts(tx, journey_id)
    return api.JourneyCounts(
        journey_id=journey_id,
        nodes=[api.NodeCount(version=row["version"], node=row["node"], members=row["members"])
               for row in rows if not row["reason"]],
        ended=[api.EndCount(reason=row["reason"], members=row["members"])
               for row in rows if row["reason"]],
    )  # fmt: skip


async def members(
    tx: Tx, journey_id: UUID, node: str | None, before: int | None, limit: int
) -> api.JourneyMembers:
    """Those on their way. Raises Problem 404."""
    await _get(tx, journey_id)
    rows = await versions.members(tx, journey_id, node, before, limit + 1)
    names = list(api.JourneyMember.model_fields)
    return api.JourneyMembers(
        data=[api.JourneyMember(**{name: row[name] for name in names}) for row in rows[:limit]],
        next_cursor=str(rows[limit - 1]["seq"]) if len(rows) > limit else None,
    )


async def of_member(
    tx: Tx, member_id: UUID, before: int | None, limit: int
) -> api.MemberJourneyPage:
    """A member's ways in words. Raises Problem 404."""
    current = await audiences.resolve(tx, member_id)
    if current is None:
        raise Problem(404, "unknown_member", "There is no such member")
    rows = await versions.of_member(tx, current, before, limit + 1)
    return api.MemberJourneyPage(
        data=[_way(row) for row in rows[:limit]],
        next_cursor=str(rows[limit - 1]["seq"]) if len(rows) > limit else None,
    )


async def follow_merges(tx: Tx, events: Sequence[MembersMerged]) -> None:
    """Ways go with the person; of two through one journey the elder goes on."""
    absorbed = [event.absorbed_id for event in events]
    await repository.end_doubled(tx, absorbed, tx.now)
    await following.follow(tx, repository.TABLES, absorbed)


def _way(row: Any) -> api.MemberJourney:
    ended = row["ended_at"] is not None
    return api.MemberJourney(
        journey_id=row["journey_id"],
        campaign=row["campaign"],
        version=row["version"],
        entered_at=row["entered_at"],
        node=None if ended else row["node"],
        ended_at=row["ended_at"],
        reason=row["reason"],
        control=row["control"],
        path=[_step(*each) for each in row["path"]],
    )


def _step(node: str, at: str, why: str, facts: domain.Facts) -> api.PathStep:
    words = in_words(why, facts)
    return api.PathStep(at=datetime.fromisoformat(at), node=node, zh=words.zh, en=words.en)


def _refuse(faults: list[ProblemError]) -> None:
    if faults:
        errors = [
            each if each.pointer.startswith(("/definition", "/upgrade"))
            else each.model_copy(update={"pointer": f"/definition{each.pointer}"})
            for each in faults
        ]  # fmt: skip
        raise Problem(422, "bad_journey", "This journey cannot be walked", errors=errors)


async def _get(tx: Tx, journey_id: UUID, *, newest: bool = False) -> Kept:
    kept = await (versions.newest if newest else versions.get)(tx, journey_id)
    if kept is None:
        raise _unknown()
    return kept


def _unknown() -> Problem:
    return Problem(404, "unknown_journey", "There is no such journey")


def _document(body: api.Definition | api.Upgrade) -> dict[str, Any]:
    return body.model_dump(mode="json", exclude_none=True)


def _answer(kept: Kept, last: int) -> api.Journey:
    waits = last > kept.running and kept.status in IN_FORCE
    return api.Journey(
        journey_id=kept.journey_id,
        campaign_id=kept.campaign_id,
        campaign=kept.campaign,
        status=Status(kept.status),
        running=kept.running,
        proposed=last if waits else None,
        version=kept.version,
        author=kept.author,
        approver=kept.approver,
        created_at=kept.created_at,
        definition=parsed(kept.document),
        upgrade=api.Upgrade.model_validate(kept.upgrade),
    )

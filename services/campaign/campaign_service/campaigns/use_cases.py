"""Plan a campaign and take it through its workflow."""

from uuid import UUID

from campaign_service.campaigns import domain, planning, repository
from campaign_service.campaigns.domain import Action, Campaign, Step
from campaign_service.deliveries import repository as deliveries
from campaign_service.triggers import arming
from chassis.database import Tx
from chassis.problem import Problem
from contracts.campaign import plans as api


async def plan(
    tx: Tx, author: str, body: api.CampaignRequest, *, dry_run: bool = False
) -> api.Campaign:
    """A new plan. Raises Problem 422 with all that is wrong, 409 for a name in use."""
    campaign = Campaign(tx.ids.new(), planning.plan(body), author, tx.now)
    step = domain.planned(campaign)
    free = not await repository.name_taken(tx, body.name)
    if not free or not (dry_run or await repository.add(tx, campaign, step)):
        raise Problem(409, "campaign_exists", "There is a campaign of this name", pointer="/name")
    return _answer(campaign, [step])


async def advance(
    tx: Tx,
    campaign_id: UUID,
    action: Action,
    actor: str,
    note: str | None = None,
    *,
    dry_run: bool = False,
) -> api.Campaign:
    """One step. Raises Problem 404, 409 `wrong_step`, 403 `own_campaign`."""
    campaign = await _get(tx, campaign_id, lock=True)
    try:
        moved, step = domain.advance(campaign, action, actor, tx.now, note)
    except domain.WrongStep:
        title = f"A campaign that is {campaign.status} cannot do this step"
        raise Problem(409, "wrong_step", title) from None
    except domain.OwnCampaign:
        raise Problem(403, "own_campaign", "Somebody else has to judge your plan") from None
    history = [*await repository.steps(tx, campaign_id), step]
    if not dry_run:
        await repository.save(tx, moved, step)
        if action in (Action.LAUNCH, Action.PAUSE, Action.FINISH):
            await arming.follow(tx, moved)
        if action is Action.FINISH:
            await deliveries.withdraw_held(tx, campaign_id, "campaign_finished")
    return _answer(moved, history)


async def show(tx: Tx, campaign_id: UUID) -> api.Campaign:
    """A campaign with its history. Raises Problem 404."""
    campaign = await _get(tx, campaign_id)
    return _answer(campaign, await repository.steps(tx, campaign_id))


async def listed(tx: Tx, before: int | None, limit: int) -> api.CampaignPage:
    """A page of campaigns."""
    found = await repository.page(tx, before, limit + 1)
    more = len(found) > limit
    return api.CampaignPage(
        data=[_answer(campaign, []) for _, campaign in found[:limit]],
        next_cursor=str(found[limit - 1][0]) if more else None,
    )


async def _get(tx: Tx, campaign_id: UUID, *, lock: bool = False) -> Campaign:
    campaign = await repository.get(tx, campaign_id, lock=lock)
    if campaign is None:
        raise Problem(404, "unknown_campaign", "There is no such campaign")
    return campaign


def _answer(campaign: Campaign, steps: list[Step]) -> api.Campaign:
    plan = campaign.plan
    return api.Campaign(
        **{name: getattr(plan, name) for name in api.Plan.model_fields},
        campaign_id=campaign.campaign_id,
        status=campaign.status,
        version=campaign.version,
        author=campaign.author,
        approver=campaign.approver,
        created_at=campaign.created_at,
        steps=[
            api.CampaignStep(
                version=step.version,
                action=step.action,
                status=step.status,
                actor=step.actor,
                at=step.at,
                note=step.note,
            )
            for step in steps
        ],
    )

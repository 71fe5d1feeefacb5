"""Plan a campaign and take it through its workflow."""

from datetime import date
from uuid import UUID

from campaign_service.campaigns import domain, repository
from campaign_service.campaigns.domain import Action, Campaign, Step
from campaign_service.campaigns.rules import PLAYBOOKS
from campaign_service.deliveries import repository as deliveries
from campaign_service.templates import domain as templates
from chassis.database import Tx
from chassis.problem import Problem
from contracts.base import Money, ProblemError
from contracts.campaign import plans as api


async def plan(
    tx: Tx, author: str, body: api.CampaignRequest, *, dry_run: bool = False
) -> api.Campaign:
    """A new plan. Raises Problem 422 for a text that may not be sent or a missing audience, 409 for
    a name in use."""
    playbook = PLAYBOOKS[body.scenario]
    text = body.template or api.MessageText(zh=playbook.text_zh, en=playbook.text_en)
    _refuse_faults(text, body.schedule)
    if body.audience is None and playbook.audience is None:
        title = f"A plan of {body.scenario} has to say in which segments its members are"
        raise Problem(422, "audience_needed", title, pointer="/audience")
    audience = body.audience or api.Audience(**(playbook.audience or {}))
    campaign = Campaign(
        campaign_id=tx.ids.new(),
        name=body.name,
        scenario=body.scenario,
        channel=playbook.channel,
        audience=audience.model_dump(mode="json", exclude_defaults=True),
        trigger=body.trigger,
        percent_off=body.offer.percent_off,
        valid_days=body.offer.valid_days,
        control_share=body.control_share,
        starts_on=body.schedule.starts_on,
        ends_on=body.schedule.ends_on,
        text_zh=text.zh,
        text_en=text.en,
        budget_fen=body.budget.amount,
        author=author,
        created_at=tx.now,
    )
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


def _refuse_faults(text: api.MessageText, schedule: api.Schedule) -> None:
    errors = [
        ProblemError(pointer=f"/template/{language}", code="bad_template", detail=fault)
        for language, words in (("zh", text.zh), ("en", text.en))
        for fault in templates.faults(words, language)
    ]
    if (schedule.starts_on or date.min) > (schedule.ends_on or date.max):
        errors.append(
            ProblemError(
                pointer="/schedule/ends_on", code="bad_schedule", detail="ends before it starts"
            )
        )
    if errors:
        raise Problem(422, "invalid_campaign", "This cannot be sent", errors=errors)


def _answer(campaign: Campaign, steps: list[Step]) -> api.Campaign:
    return api.Campaign(
        campaign_id=campaign.campaign_id,
        name=campaign.name,
        scenario=api.Scenario(campaign.scenario),
        audience=api.Audience(**campaign.audience),
        trigger=api.Trigger(campaign.trigger),
        channel=campaign.channel,
        offer=api.Offer(percent_off=campaign.percent_off, valid_days=campaign.valid_days),
        control_share=campaign.control_share,
        schedule=api.Schedule(starts_on=campaign.starts_on, ends_on=campaign.ends_on),
        template=api.MessageText(zh=campaign.text_zh, en=campaign.text_en),
        budget=Money(amount=campaign.budget_fen),
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

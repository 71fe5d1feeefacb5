"""Plan a campaign and take it through its workflow."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from campaign_service.campaigns import budgets, domain, planning, repository
from campaign_service.campaigns.domain import Action, Campaign, Step
from campaign_service.deliveries import repository as deliveries
from campaign_service.expectations import use_cases as expectations
from campaign_service.templates import repository as templates
from campaign_service.templates.use_cases import script_of
from campaign_service.triggers import arming
from chassis.database import Tx
from chassis.problem import Problem
from contracts.campaign import plans as api
from contracts.points_events import BudgetAnswered


@dataclass(frozen=True, slots=True)
class Office:
    """What plans are judged by beside the database; built once, in app.py."""

    points_per_yuan: int


@dataclass(frozen=True, slots=True)
class Move:
    """A step somebody wants to take, and what they say to it."""

    action: Action
    actor: str
    note: str | None = None
    plan_version: int | None = None  # that was read


async def plan(
    tx: Tx, office: Office, author: str, body: api.CampaignRequest, *, dry_run: bool = False
) -> api.Campaign:
    """A new plan. Raises Problem 422 with all that is wrong, 409 for a name in use."""
    campaign = Campaign(tx.ids.new(), planning.plan(body), author, tx.now)
    await _check(tx, office, campaign.plan)
    campaign = replace(campaign, plan=await _expecting(tx, campaign.plan))
    step = domain.planned(campaign)
    free = not await repository.name_taken(tx, body.name)
    if not free or not (dry_run or await repository.add(tx, campaign, step)):
        raise Problem(409, "campaign_exists", "There is a campaign of this name", pointer="/name")
    return _answer(campaign, [step])


async def advance(
    tx: Tx, office: Office, campaign_id: UUID, move: Move, *, dry_run: bool = False
) -> api.Campaign:
    """One step. Raises Problem 404, 403 `own_campaign`, 409 (wrong_step, other_version,
    budget_not_reserved)."""
    action = move.action
    campaign = await _get(tx, campaign_id, lock=True)
    try:
        domain.check_read(campaign, action, move.plan_version)
        moved, step = domain.advance(campaign, action, move.actor, tx.now, move.note)
    except domain.WrongStep:
        title = f"A campaign that is {campaign.status} cannot do this step"
        raise Problem(409, "wrong_step", title) from None
    except domain.OwnCampaign:
        raise Problem(403, "own_campaign", "Somebody else has to judge your plan") from None
    except domain.OtherVersion:
        title = f"The plan is at version {campaign.plan_version}: say which one was read"
        raise Problem(409, "other_version", title, pointer="#query/plan_version") from None
    except domain.NotReserved:
        title = "The money for its offers is not set aside (yet): see its reservation"
        raise Problem(409, "budget_not_reserved", title) from None
    if action is Action.SUBMIT:
        plan = await _check(tx, office, moved.plan)
        moved = replace(moved, plan=await _expecting(tx, plan))
    history = [*await repository.steps(tx, campaign_id), step]
    if not dry_run:
        moved = await _reserve(tx, office, moved, action)
        await repository.save(tx, moved, step)
        if action in (Action.LAUNCH, Action.PAUSE, Action.FINISH):
            await arming.follow(tx, moved)
        if action is Action.FINISH:
            await deliveries.withdraw_held(tx, campaign_id, "campaign_finished")
    return _answer(moved, history)


async def note_answers(tx: Tx, events: Sequence[BudgetAnswered]) -> None:
    """What points said to reservations; told again or too late, it changes nothing."""
    for event in events:
        campaign = await repository.get(tx, event.campaign_id, lock=True)
        if campaign is None or campaign.reservation is None:
            continue
        if after := budgets.answered(campaign.reservation, event):
            await repository.save_reservation(tx, event.campaign_id, after)


async def show(tx: Tx, campaign_id: UUID) -> api.Campaign:
    """A campaign with its history. Raises Problem 404."""
    campaign = await _get(tx, campaign_id)
    answer = _answer(campaign, await repository.steps(tx, campaign_id))
    return answer.model_copy(update={"comments": await repository.comments(tx, campaign_id)})


async def revise(
    tx: Tx, office: Office, actor: str, campaign_id: UUID, body: api.CampaignRequest
) -> api.Campaign:
    """The plan worded anew. Raises Problem 404, 409 (not planned; name in use), 422."""
    campaign = await _get(tx, campaign_id, lock=True)
    if campaign.status is not api.CampaignStatus.PLANNED:
        title = f"A campaign that is {campaign.status} is not rewritten: have it sent back"
        raise Problem(409, "wrong_step", title)
    plan = planning.plan(body)
    await _check(tx, office, plan)
    if plan.name != campaign.name and await repository.name_taken(tx, plan.name):
        raise Problem(409, "campaign_exists", "There is a campaign of this name", pointer="/name")
    moved, step = domain.advance(campaign, Action.REVISE, actor, tx.now)
    moved = replace(moved, plan=plan, plan_version=campaign.plan_version + 1, reviser=actor)
    await repository.rewrite(tx, moved, step)
    return await show(tx, campaign_id)


async def versions(tx: Tx, campaign_id: UUID) -> api.PlanVersions:
    """How the plan was worded. Raises Problem 404."""
    await _get(tx, campaign_id)
    rows = await repository.plan_versions(tx, campaign_id)
    own = ("plan_version", "author", "at")
    return api.PlanVersions(
        data=[
            api.PlanVersion.model_validate(row["plan"] | {name: row[name] for name in own})
            for row in rows
        ]
    )


async def comment(tx: Tx, author: str, campaign_id: UUID, text: str) -> api.Comment:
    """Somebody says something to a plan. Raises Problem 404."""
    campaign = await _get(tx, campaign_id)
    said = api.Comment(
        comment_id=tx.ids.new(),
        plan_version=campaign.plan_version,
        author=author,
        at=tx.now,
        text=text,
    )
    await repository.comment(tx, campaign_id, said)
    return said


async def copy(
    tx: Tx, office: Office, author: str, campaign_id: UUID, name: str, *, dry_run: bool
) -> api.Campaign:
    """The same plan under another name, the caller's own. Raises Problem 404, 409, 422."""
    found = (await _get(tx, campaign_id)).plan
    taken = {each: getattr(found, each) for each in api.PlanBody.model_fields if each != "template"}
    body = api.CampaignRequest(name=name, **taken)
    return await plan(tx, office, author, body, dry_run=dry_run)


async def listed(tx: Tx, before: int | None, limit: int) -> api.CampaignPage:
    """A page of campaigns."""
    found = await repository.page(tx, before, limit + 1)
    more = len(found) > limit
    return api.CampaignPage(
        data=[_answer(campaign, []) for _, campaign in found[:limit]],
        next_cursor=str(found[limit - 1][0]) if more else None,
    )


async def _expecting(tx: Tx, plan: api.Plan) -> api.Plan:
    """The plan with what it may bring by what is known today."""
    return plan.model_copy(update={"expected": await expectations.of_plan(tx, plan)})


async def _check(tx: Tx, office: Office, plan: api.Plan) -> api.Plan:
    """The plan with the version of its template that it was judged by. Raises Problem 422."""
    script, content = None, plan.content
    if not isinstance(content, api.OwnTexts):
        stored = await templates.by_key(tx, content.template, content.version)
        if stored is not None:
            script = script_of(stored)
            content = content.model_copy(update={"version": stored.version})
    planning.check(plan, script, office.points_per_yuan)
    return plan.model_copy(update={"content": content})


async def _reserve(tx: Tx, office: Office, moved: Campaign, action: Action) -> Campaign:
    """Ask points for the money of offers, or give it back, as the step has it."""
    if action is Action.APPROVE:
        reservation_id = tx.ids.new()
        needed = budgets.needed(moved.plan, reservation_id, office.points_per_yuan)
        if needed is not None:
            tx.publish(budgets.request(moved.campaign_id, moved.plan, needed, tx.now))
        return replace(moved, reservation=needed)
    if moved.reservation is None or action not in (Action.FINISH, Action.REJECT):
        return moved
    if after := budgets.released(moved.reservation):
        offered = await deliveries.offered(tx, moved.campaign_id)
        tx.publish(budgets.release(moved.campaign_id, after, offered, tx.now))
        return replace(moved, reservation=after)
    return moved


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
        plan_version=campaign.plan_version,
        author=campaign.author,
        approver=campaign.approver,
        created_at=campaign.created_at,
        reservation=campaign.reservation,
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

"""A campaign's trigger counts while the campaign runs, and profile is told what to look out for.

Apart from `use_cases`, which ask for contacts: whoever takes a campaign through its workflow needs
nothing of that.
"""

from campaign_service.campaigns.domain import Campaign
from campaign_service.triggers import repository, watching
from campaign_service.triggers.rules import RULES
from chassis.database import Tx
from contracts.campaign.plans import CampaignStatus


async def follow(tx: Tx, campaign: Campaign) -> None:
    """The campaign has begun to run (again), or has stopped."""
    runs, plan = campaign.status is CampaignStatus.LAUNCHED, campaign.plan
    rule = RULES.get(plan.trigger.kind)
    names = rule.watches(plan.trigger) if rule and runs else {}
    await watching.watch(tx, campaign.campaign_id, names)
    if runs:
        days = plan.schedule.starts_on, plan.schedule.ends_on
        await repository.arm(tx, campaign.campaign_id, plan.trigger, names, days)
    else:
        await repository.disarm(tx, campaign.campaign_id)

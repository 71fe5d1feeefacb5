"""A campaign's trigger counts while the campaign runs, and profile is told what to look out for.

Apart from `use_cases`, which ask for contacts: whoever takes a campaign through its workflow needs
nothing of that.
"""

from collections.abc import Mapping
from uuid import UUID

from campaign_service.campaigns.domain import Campaign
from campaign_service.triggers import repository
from campaign_service.triggers.rules import RULES
from chassis.database import Tx
from contracts.behaviour import Watch, WatchesChanged
from contracts.campaign.plans import CampaignStatus


async def follow(tx: Tx, campaign: Campaign) -> None:
    """The campaign has begun to run (again), or has stopped."""
    runs, plan = campaign.status is CampaignStatus.LAUNCHED, campaign.plan
    rule = RULES.get(plan.trigger.kind)
    names = rule.watches(plan.trigger) if rule and runs else {}
    await watch(tx, campaign.campaign_id, names)
    if runs:
        days = plan.schedule.starts_on, plan.schedule.ends_on
        await repository.arm(tx, campaign.campaign_id, plan.trigger, names, days)
    else:
        await repository.disarm(tx, campaign.campaign_id)


async def watch(tx: Tx, watcher: UUID, names: Mapping[str, int]) -> None:
    """`watcher` (a campaign, a journey) waits for these collected events and no others, by name:
    minutes after which one is of no use. `BehaviourSeen` tells of them from then on."""
    version = await repository.set_watches(tx, watcher, names)
    if version is not None:
        watched = await repository.watched(tx)
        tx.publish(WatchesChanged(version, [Watch(*each) for each in watched.items()]))

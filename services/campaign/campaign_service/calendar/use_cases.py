"""The calendar of campaigns."""

from datetime import date

from campaign_service.audiences.rules import picking
from campaign_service.calendar import domain, repository
from campaign_service.calendar.domain import Slot
from campaign_service.campaigns import repository as campaigns
from campaign_service.campaigns.domain import Campaign
from chassis.database import Tx
from chassis.problem import Problem
from contracts.campaign import calendar as api


async def calendar(tx: Tx, first: date, last: date) -> api.Calendar:
    """What runs from the first to the last day, and where it clashes. Raises Problem 422."""
    if last < first:
        raise Problem(422, "bad_days", "The last day is before the first", pointer="#query/to")
    found = await campaigns.between(tx, first, last, domain.MOST)
    slots = [_slot(campaign, first, last) for campaign in found]
    masks = await repository.masks(tx, [picking(each.audience, tx.now) for each in found])
    sizes = domain.sizes(masks, len(found))
    return api.Calendar(
        data=[
            api.CalendarEntry(
                campaign_id=campaign.campaign_id,
                name=campaign.name,
                scenario=campaign.plan.scenario,
                status=campaign.status,
                trigger=campaign.plan.trigger.kind,
                channels=campaign.plan.channels,
                first_day=slot.first_day,
                last_day=slot.last_day,
                members=members,
            )
            for campaign, slot, members in zip(found, slots, sizes, strict=True)
        ],
        clashes=[
            api.Clash(
                campaign_id=slots[each.one].campaign_id,
                other_campaign_id=slots[each.other].campaign_id,
                first_day=each.first_day,
                last_day=each.last_day,
                members=each.members,
                channels=[c for c in found[each.one].plan.channels if c in each.channels],
            )
            for each in domain.meetings(slots, masks)
        ],
    )


def _slot(campaign: Campaign, first: date, last: date) -> Slot:
    schedule = campaign.plan.schedule
    return Slot(
        campaign.campaign_id,
        tuple(campaign.plan.channels),
        max(schedule.starts_on or first, first),
        min(schedule.ends_on or last, last),
    )

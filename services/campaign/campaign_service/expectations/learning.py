"""From reports to effects. Apart from `use_cases`, which those need who are reported on."""

from datetime import datetime, timedelta

from campaign_service.campaigns import repository as campaigns
from campaign_service.expectations import repository
from campaign_service.expectations.domain import Effect, Z
from campaign_service.measurement import use_cases as measurement
from campaign_service.measurement.domain import Terms
from chassis.clock import local_date
from chassis.database import Database

FRESH = timedelta(days=9)  # a week, and a night may be missed
MONDAY = 0  # a report costs some tenths of a second a campaign


async def learn(db: Database, terms: Terms, now: datetime) -> None:
    """On Mondays, what campaigns brought of which something new was measured; each by itself."""
    if local_date(now).weekday() != MONDAY:
        return
    async with db.transaction(readonly=True) as tx:
        due = await repository.measured_since(tx, now - FRESH)
    for campaign_id in due:
        async with db.transaction() as tx:
            campaign = await campaigns.get(tx, campaign_id)
            assert campaign is not None, "campaigns stay"
            found = (await measurement.report(tx, campaign_id, terms)).incremental
            if not found.causal or found.revenue_fen is None:
                await repository.drop(tx, campaign_id)
                continue
            error = (found.revenue_fen.high - found.revenue_fen.low) / (2 * Z)
            plan = campaign.plan
            await repository.put(
                tx,
                Effect(
                    campaign_id,
                    plan.scenario,
                    plan.offer.kind,
                    found.revenue_fen.estimate,
                    error,
                    found.treated_members,
                ),
            )

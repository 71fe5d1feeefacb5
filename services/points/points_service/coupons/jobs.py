"""Time's edge: pools, coupons past their date."""

from datetime import datetime, timedelta

from chassis.database import Database
from chassis.jobs import BackgroundJob, DailyJob
from points_service.coupons import repository, templates
from points_service.coupons.pools import make_codes

CHUNK = 20_000  # coupons a transaction


async def close_due(db: Database, midnight: datetime) -> None:
    """Unused coupons whose date has passed give back what they reserved of a budget.

    So do codes that nobody had claimed when their template ended. Run again, nothing is left.
    """
    async with db.transaction(readonly=True) as tx:
        ended = await templates.ended(tx, midnight - timedelta(days=1), midnight)
    closed = 1
    while closed:
        async with db.transaction() as tx:
            freed, closed = await repository.close(tx, midnight, ended, CHUNK)
            await repository.reserve(tx, {each: -fen for each, fen in freed.items()})


coupon_expiry = DailyJob("coupon_expiry", close_due)
coupon_pools = BackgroundJob("coupon_pools", make_codes)

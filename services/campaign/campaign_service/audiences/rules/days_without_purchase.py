"""The last purchase is at least so many days ago. Who never bought is not meant."""

from datetime import datetime, timedelta

from campaign_service.audiences.domain import Bound


def bound(days: int, now: datetime) -> Bound:
    """Whole 24-hour days before `now`."""
    return Bound("last_order_at", most=now - timedelta(days=days))

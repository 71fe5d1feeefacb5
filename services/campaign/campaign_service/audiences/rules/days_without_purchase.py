"""The last purchase is at least so many days ago. Who never bought is not meant."""

from datetime import datetime, timedelta

from campaign_service.audiences.domain import Bound, Moment


def condition(days: int, now: datetime) -> tuple[tuple[Bound, ...], Moment]:
    """Whole 24-hour days before `now`; each lapse begins with a purchase."""
    return (Bound("last_order_at", most=now - timedelta(days=days)),), "last_order_at"

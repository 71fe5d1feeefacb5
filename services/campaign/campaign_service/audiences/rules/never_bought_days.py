"""Joined at least so many days ago, and has not bought yet."""

from datetime import datetime, timedelta

from campaign_service.audiences.domain import Bound, Moment


def condition(days: int, now: datetime) -> tuple[tuple[Bound, ...], Moment]:
    """Whole 24-hour days before `now`; the occasion is having joined."""
    joined = Bound("registered_at", most=now - timedelta(days=days))
    return (joined, Bound("orders", most=0)), "registered_at"

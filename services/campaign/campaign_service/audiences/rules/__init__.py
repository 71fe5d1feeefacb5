"""Conditions on members: one file a kind, one line here (and a field in contracts' `Audience`)."""

from collections.abc import Callable, Mapping
from datetime import datetime

from campaign_service.audiences.domain import Bound
from campaign_service.audiences.rules import days_without_purchase

CONDITIONS: dict[str, Callable[[int, datetime], Bound]] = {
    "days_without_purchase": days_without_purchase.bound,
}


def bounds(audience: Mapping[str, int], now: datetime) -> tuple[Bound, ...]:
    """An audience (`{"days_without_purchase": 30}`) as bounds at a moment."""
    return tuple(CONDITIONS[kind](figure, now) for kind, figure in audience.items())

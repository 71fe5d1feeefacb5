"""Conditions on members: one file a kind, one line here (and a field in contracts' `Audience`)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from campaign_service.audiences.domain import Bound, Moment, Picking
from campaign_service.audiences.rules import days_without_purchase, never_bought_days

Condition = Callable[[int, datetime], tuple[tuple[Bound, ...], Moment]]

CONDITIONS: dict[str, Condition] = {
    "days_without_purchase": days_without_purchase.condition,
    "never_bought_days": never_bought_days.condition,
}


def picking(audience: Mapping[str, Any], now: datetime) -> Picking:
    """An audience as it is kept (`{"never_bought_days": 3, "tiers": ["gold"]}`), at a moment."""
    bounds: list[Bound] = []
    moments: list[Moment] = []
    for kind, condition in CONDITIONS.items():
        if audience.get(kind) is not None:
            found, moment = condition(audience[kind], now)
            bounds += found
            moments.append(moment)
    tiers = tuple(audience.get("tiers", ()))
    inside, outside = (
        tuple(UUID(str(each)) for each in audience.get(side, ())) for side in ("segments", "not_in")
    )
    moments += ["tier_at"] if tiers else []
    moments += ["entered_at"] if inside else []
    return Picking(tuple(bounds), tiers, inside, outside, tuple(moments))

"""The programme's figures, as use cases get them."""

from dataclasses import dataclass, field
from datetime import timedelta

from points_service.acts.domain import Customs
from points_service.benefits.worth import Basket
from points_service.earning.domain import RuleSet
from points_service.expiry.domain import Policies
from points_service.kept import Kept
from points_service.referrals.domain import Terms
from points_service.transfers.domain import Limits


@dataclass(frozen=True, slots=True)
class Programme:
    """Defaults are those of the shipped settings."""

    ladder_id: str = "A"
    expiry: Policies = field(default_factory=Policies)  # `expiry.in_force` reads what is set
    earning: Kept[RuleSet] = field(default_factory=Kept)  # read by `earning.use_cases`
    customs: Kept[Customs] = field(default_factory=Kept)  # read by `acts.use_cases`
    parked_days: int = 90
    referrals: Terms = field(default_factory=Terms)
    points_per_yuan: int = 100
    redemption_multiple: int = 100
    points_share_percent: int = 50
    quote_minutes: int = 15
    transfers: Limits = field(default_factory=Limits)
    stored_value_window: timedelta = timedelta(days=7)
    basket: Basket = field(default_factory=Basket)
    future_tolerance: timedelta = timedelta(hours=24)
    campaign_limit_fen: int | None = None

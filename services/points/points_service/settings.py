"""What can be set for points; the figures of the tier ladder are data (table `tier_ladder`)."""

from pathlib import Path

from pydantic import Field

from chassis.settings import Settings as Shared


class Settings(Shared):
    """The shared settings, and the programme's."""

    service: str = Field("points", description="name of the service")
    ledger_dir: Path = Field(
        Path(".huiyuan/ledger"),
        description="folder of the ledger's signing key and of the witness of its checkpoints;"
        " out of the database's reach",
    )
    tier_ladder: str = Field("A", description="ladder that members climb (table tier_ladder)")
    points_per_yuan: int = Field(100, ge=1, description="points that are worth one yuan when spent")
    campaign_limit_yuan: int | None = Field(
        None, ge=0, description="yuan that offers of campaigns may have set aside; unset: any sum"
    )
    redemption_multiple: int = Field(100, ge=1, description="points are spent in multiples of this")
    points_share_percent: int = Field(
        50, ge=0, le=100, description="percent of what is left to pay that points may pay"
    )
    transfer_minimum: int = Field(100, ge=1, description="points a member gives at least at a time")
    transfer_maximum: int = Field(
        10_000, ge=1, description="points a member gives at most at a time"
    )
    transfer_given_daily: int = Field(
        20_000, ge=0, description="points a member gives at most in a day"
    )
    transfer_received_daily: int = Field(
        20_000, ge=0, description="points a member is given at most in a day"
    )
    act_parked_days: int = Field(
        90, ge=1, description="days that a collected act waits for its member to be known"
    )
    referral_new_days: int = Field(
        30, ge=0, description="days after registration in which a member can be brought by another"
    )
    referral_ring: int = Field(
        4, ge=2, description="members in the longest ring of referrals that is looked for"
    )
    referral_daily: int = Field(
        10, ge=1, description="referrals of a member in 24 hours; more are looked at by staff"
    )
    referral_reversible_days: int = Field(
        30, ge=0, description="days in which a returned first purchase takes the reward back"
    )
    quote_minutes: int = Field(15, ge=1, description="minutes a kept quote is valid")
    stored_value_refund_days: int = Field(
        7, ge=0, description="days in which unspent principal of a top-up is paid back"
    )
    reference_basket: int = Field(
        1000, ge=1, description="yuan a month that tiers are compared by (worth of their benefits)"
    )
    order_future_hours: int = Field(
        24, ge=0, description="how far ahead of our clock a till's clock may be"
    )

"""Settings of the profile service."""

from pathlib import Path

from pydantic import Field

from chassis.settings import Settings


class ProfileSettings(Settings):
    """Shared settings and what only profile reads."""

    dedupe_weeks: int = Field(
        1, ge=1, description="whole weeks besides this one in which a repeated messageId is known"
    )
    lake_dir: Path = Field(
        Path(".huiyuan/lake"), description="folder of the event lake: purchases as Parquet by month"
    )
    train_days: int = Field(
        7,
        ge=0,
        description="days from one training of all models, and one finding of clusters, to the"
        " next; 0: only when asked",
    )
    quality_completeness: float = Field(
        0.95, ge=0, le=1, description="least share of rows that have a field; 5 points less: amber"
    )
    quality_amount_error: float = Field(
        0.01, ge=0, le=1, description="largest share of orders with a wrong amount; twice it: amber"
    )
    quality_freshness_seconds: int = Field(
        300, ge=1, description="time from a message's receipt until it is in the profile"
    )

"""Settings of the profile service."""

from pydantic import Field

from chassis.settings import Settings


class ProfileSettings(Settings):
    """Shared settings and what only profile reads."""

    dedupe_weeks: int = Field(
        1, ge=1, description="whole weeks besides this one in which a repeated messageId is known"
    )

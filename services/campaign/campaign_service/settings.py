"""Every setting of campaign beyond the shared ones."""

from datetime import time

from pydantic import Field

from chassis.settings import Settings


class CampaignSettings(Settings):
    """Hours are programme time (Asia/Shanghai)."""

    quiet_from: time = Field(time(21), description="hour from which no campaign message leaves")
    quiet_until: time = Field(time(9), description="hour at which held messages leave")
    message_cost_fen: int = Field(5, ge=0, description="what one SMS costs, counted on the budget")

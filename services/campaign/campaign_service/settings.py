"""Every setting of campaign beyond the shared ones."""

from datetime import time
from typing import Literal

from pydantic import Field

from chassis.settings import Settings


class CampaignSettings(Settings):
    """Hours are programme time (Asia/Shanghai)."""

    quiet_from: time = Field(time(21), description="hour from which no campaign message leaves")
    quiet_until: time = Field(time(9), description="hour at which held messages leave")
    points_per_yuan: int = Field(100, ge=1, description="points that are worth one yuan when spent")
    message_cost_fen: int = Field(5, ge=0, description="what one SMS costs, counted on the budget")
    call_cost_fen: int = Field(300, ge=0, description="the same for a call by somebody of staff")
    messages_a_day: int = Field(
        1, ge=1, le=100, description="marketing messages that a member gets on a day at most"
    )
    messages_a_week: int = Field(
        4, ge=1, le=700, description="marketing messages that a member gets in seven days at most"
    )
    calls_a_week: int = Field(1, ge=0, le=7, description="of these, calls")
    sms_signature_zh: str = Field(
        "【会员中心】",
        description="signature that carriers put before a Chinese SMS; it counts",
    )
    sms_signature_en: str = Field("【Members】", description="the same before an English one")
    sms_link_length: int = Field(
        41, ge=10, le=200, description="characters that a link in an SMS counts for"
    )
    sms_most_parts: int = Field(3, ge=1, le=10, description="parts that an SMS may be cut into")
    text_writer: Literal["rules"] = Field("rules", description="who writes variants of texts")
    public_url: str = Field(
        "https://localhost:8443",
        description="address of the gateway, for links and QR codes",
    )
    shop_url: str = Field(
        "",
        pattern=r"^(https://[^/?#@\s]+(/[^?#\s]*)?)?$",
        description="the shop that links in messages lead to, where paths of goods begin;"
        " empty: the gateway's address",
    )
    link_hosts: str = Field(
        "", description="other hosts that links in messages may lead to, with commas between"
    )
    margin_percent: float = Field(
        22.0, ge=0, le=100,
        description="gross margin of what is sold, in percent, by which reports reckon profit",
    )  # fmt: skip

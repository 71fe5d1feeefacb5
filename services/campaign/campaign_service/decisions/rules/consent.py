"""The last check, made by the gateway when the message leaves; here only its words."""

from campaign_service.decisions.domain import Verdict, Words
from contracts.campaign.deliveries import DeliveryStatus

NAME = "consent"
WORDS = {
    (NAME, True): Words("网关同意检查通过，已发送", "consent checked at the gateway, sent"),
    (NAME, False): Words("网关拒绝发送：{reason}", "refused at the gateway: {reason}"),
}


def verdict(status: DeliveryStatus | None, reason: str | None) -> Verdict | None:
    """What the gateway answered, or None while it has not (or was never asked)."""
    if status is DeliveryStatus.SENT:
        return Verdict(NAME, True, {})
    if status is DeliveryStatus.REFUSED:
        return Verdict(NAME, False, {"reason": reason or "unknown"})
    return None

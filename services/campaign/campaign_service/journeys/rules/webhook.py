"""Tells operators' webhooks."""

from collections.abc import Iterator

from campaign_service.journeys.domain import Go, Kind, Run, Surroundings, Words
from contracts.campaign.journey_nodes import WebhookNode


def decide(node: WebhookNode, run: Run, around: Surroundings) -> Go:
    """It has been done by now, or not for whoever is in the control group."""
    return Go(node.next, run.at, f"webhook_{around.done}", {"topic": node.topic}, run.mark)


def leads(node: WebhookNode) -> Iterator[tuple[str, str]]:
    """One way."""
    yield "/next", node.next


KIND = Kind(
    decide,
    {
        "webhook_done": Words("已通知外部系统（{topic}）", "webhooks were told ({topic})"),
        "webhook_control": Words(
            "在对照组中，不通知外部系统（{topic}）",
            "in the control group, so no webhook is told ({topic})",
        ),
    },
    leads,
    acts=True,
)

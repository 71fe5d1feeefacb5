"""Asks for a contact, and goes on whatever comes of it."""

from collections.abc import Iterator

from campaign_service.journeys.domain import Go, Kind, Run, Surroundings, Words
from contracts.campaign.journey_nodes import MessageNode


def decide(node: MessageNode, run: Run, around: Surroundings) -> Go:
    """The pipeline has been asked by now."""
    return Go(node.next, run.at, f"message_{around.done or 'skipped'}", {}, run.mark)


def leads(node: MessageNode) -> Iterator[tuple[str, str]]:
    """One way."""
    yield "/next", node.next


KIND = Kind(
    decide,
    {
        "message_message": Words(
            "已决定发送消息（详见触达决策）", "a message was decided (see contact decisions)"
        ),
        "message_skipped": Words(
            "未发送消息（原因见触达决策）", "no message (contact decisions say why)"
        ),
        "message_control": Words(
            "在对照组中，不发送消息", "in the control group, so no message is sent"
        ),
    },
    leads,
    acts=True,
)

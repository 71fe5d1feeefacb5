"""What messages of a journey say otherwise than their campaign's plan."""

from campaign_service.campaigns import planning
from campaign_service.campaigns.domain import Campaign, changed
from campaign_service.templates import repository as templates
from campaign_service.templates.use_cases import script_of
from chassis.database import Tx
from contracts.base import ProblemError
from contracts.campaign.journey_nodes import AS_PLANNED, MessageNode
from contracts.campaign.journeys import Definition
from contracts.campaign.plans import ContentRef


async def settled(
    tx: Tx, campaign: Campaign, definition: Definition
) -> tuple[Definition, list[ProblemError]]:
    """The definition with the versions of its templates as they are now, and what cannot be said:
    a template that is not there, lacks a channel, or names a coupon that the message has not."""
    nodes, faults = dict(definition.nodes), list[ProblemError]()
    for name, node in definition.nodes.items():
        if not isinstance(node, MessageNode) or node.change == AS_PLANNED:
            continue
        plan = changed(campaign, node.change).plan
        script = None
        if isinstance(plan.content, ContentRef):
            stored = await templates.by_key(tx, plan.content.template, plan.content.version)
            script = script_of(stored) if stored is not None else None
            if stored is not None and node.content is not None:
                content = node.content.model_copy(update={"version": stored.version})
                nodes[name] = node.model_copy(update={"content": content})
        faults += [_at(name, fault) for fault in planning.faults(plan, script)]
    return definition.model_copy(update={"nodes": nodes}), faults


def _at(node: str, fault: ProblemError) -> ProblemError:
    pointer = "/with_offer" if fault.pointer == "/offer" else fault.pointer
    return fault.model_copy(update={"pointer": f"/nodes/{node}{pointer}"})

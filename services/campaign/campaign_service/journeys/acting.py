"""What nodes do that have no pipeline of their own: told with the step, by ids of the step."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from campaign_service.campaigns import offering, offers
from campaign_service.campaigns.domain import Campaign
from campaign_service.campaigns.offering import Given
from campaign_service.deliveries.domain import coupon_code
from campaign_service.journeys.domain import Run
from chassis.clock import local_date
from chassis.database import Tx
from contracts.campaign.journey_events import JourneyReached, MembersTagged
from contracts.campaign.journey_nodes import OfferNode, TagNode, WebhookNode


def act(tx: Tx, campaign: Campaign, name: str, node: Any, runs: Sequence[Run]) -> None:
    """Do what a node does, for those at it together."""
    if not runs:
        return
    journey_id = runs[0].journey_id
    match node:
        case OfferNode():
            coupon = offers.is_coupon(campaign.plan.offer)
            given = [
                Given(
                    _step_id(tx, run, name), run.member_id,
                    coupon_code(secrets.randbits(64)) if coupon else None,
                )
                for run in runs
            ]  # fmt: skip
            offering.tell(tx, campaign, given, tx.now)
        case TagNode(tag=tag, value=value, days=days):
            until = local_date(tx.now) + timedelta(days=days)
            members = [run.member_id for run in runs]
            tx.publish(MembersTagged(journey_id, name, tag, value, until, members))
        case WebhookNode(topic=topic):
            reached = [(_step_id(tx, run, name), run.member_id, run.at) for run in runs]
            tx.publish(JourneyReached(journey_id, name, topic, reached))


def _step_id(tx: Tx, run: Run, name: str) -> UUID:
    return tx.ids.derive("journey", str(run.run_id), name, str(run.steps))

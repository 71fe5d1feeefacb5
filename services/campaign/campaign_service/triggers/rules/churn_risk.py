"""Churn risk: members have become likely to stay away."""

from collections.abc import Iterable

from campaign_service.triggers.domain import Fired, Midnight, Rule, at
from contracts.campaign.triggers import ChurnRiskTrigger
from contracts.points_events import ChurnRiskRaised


def match(trigger: ChurnRiskTrigger, event: ChurnRiskRaised, midnight: Midnight) -> Iterable[Fired]:
    """From a chance on."""
    for member, chance in event.members:
        if chance >= trigger.at_least:
            yield at(member, midnight(event.as_of))


RULE = Rule("churn_risk", ChurnRiskRaised, match)

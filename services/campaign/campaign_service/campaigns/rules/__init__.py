"""The standing scenarios: one file each, one line here."""

from campaign_service.campaigns.rules import repurchase
from campaign_service.campaigns.rules.playbook import Playbook
from contracts.campaign import Scenario

PLAYBOOKS: dict[Scenario, Playbook] = {
    Scenario.REPURCHASE: repurchase.PLAYBOOK,
}

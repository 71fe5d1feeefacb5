"""The standing scenarios: one file each, one line here."""

from campaign_service.campaigns.rules import (
    birthday,
    festival,
    moment,
    new_member,
    referral,
    repurchase,
    uplift,
    win_back,
)
from campaign_service.campaigns.rules.playbook import Playbook
from contracts.campaign.plans import Scenario

PLAYBOOKS: dict[Scenario, Playbook] = {
    Scenario.REPURCHASE: repurchase.PLAYBOOK,
    Scenario.NEW_MEMBER: new_member.PLAYBOOK,
    Scenario.UPLIFT: uplift.PLAYBOOK,
    Scenario.WIN_BACK: win_back.PLAYBOOK,
    Scenario.FESTIVAL: festival.PLAYBOOK,
    Scenario.REFERRAL: referral.PLAYBOOK,
    Scenario.BIRTHDAY: birthday.PLAYBOOK,
    Scenario.MOMENT: moment.PLAYBOOK,
}

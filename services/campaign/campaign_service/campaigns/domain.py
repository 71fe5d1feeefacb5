"""The workflow as a pure state machine. Every step is versioned, with its actor and time."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from campaign_service.campaigns import budgets
from contracts.campaign.journey_nodes import MessageChange
from contracts.campaign.offers import NoOffer
from contracts.campaign.plans import CampaignStatus as Status
from contracts.campaign.plans import Plan, Reservation


class Action(StrEnum):
    """What a person can do to a campaign."""

    PLAN = "plan"
    REVISE = "revise"
    SUBMIT = "submit"
    APPROVE = "approve"
    REJECT = "reject"
    LAUNCH = "launch"
    PAUSE = "pause"
    FINISH = "finish"


MOVES: dict[Action, tuple[frozenset[Status], Status]] = {
    Action.REVISE: (frozenset({Status.PLANNED}), Status.PLANNED),
    Action.SUBMIT: (frozenset({Status.PLANNED}), Status.SUBMITTED),
    Action.APPROVE: (frozenset({Status.SUBMITTED}), Status.APPROVED),
    Action.REJECT: (frozenset({Status.SUBMITTED, Status.APPROVED}), Status.PLANNED),
    Action.LAUNCH: (frozenset({Status.APPROVED, Status.PAUSED}), Status.LAUNCHED),
    Action.PAUSE: (frozenset({Status.LAUNCHED}), Status.PAUSED),
    Action.FINISH: (frozenset({Status.LAUNCHED, Status.PAUSED}), Status.FINISHED),
}
JUDGING = frozenset({Action.APPROVE, Action.REJECT})  # never by the author


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign: its plan as a document, and where it is. `reviser` wrote the plan last."""

    campaign_id: UUID
    plan: Plan
    author: str
    created_at: datetime
    approver: str | None = None
    status: Status = Status.PLANNED
    version: int = 1
    reservation: Reservation | None = None
    plan_version: int = 1
    reviser: str | None = None

    @property
    def name(self) -> str:
        """Unique; seeds whatever is drawn by lot."""
        return self.plan.name

    @property
    def offer_fen(self) -> int:
        """What one offer is set aside for at most."""
        return self.reservation.each.amount if self.reservation else 0

    @property
    def audience(self) -> dict[str, Any]:
        """Who is meant, what is not asked left out."""
        return self.plan.audience.model_dump(mode="json", exclude_defaults=True)


def changed(campaign: Campaign, change: MessageChange) -> Campaign:
    """The campaign as one of its messages has it."""
    update: dict[str, object] = {}
    if change.content is not None:
        update["content"] = change.content
    if change.channels:
        update["channels"] = list(change.channels)
    if change.with_offer:
        return replace(campaign, plan=campaign.plan.model_copy(update=update))
    plan = campaign.plan.model_copy(update={**update, "offer": NoOffer()})
    return replace(campaign, plan=plan, reservation=None)


@dataclass(frozen=True, slots=True)
class Step:
    """What moved the campaign to `version`."""

    version: int
    action: Action
    status: Status
    actor: str
    at: datetime
    note: str | None = None


class WrongStep(Exception):
    """The campaign is not where this step begins."""


class OtherVersion(Exception):
    """Another wording of the plan was read than the one there is."""


class NotReserved(Exception):
    """The money for its offers is not set aside."""


class OwnCampaign(Exception):
    """Nobody judges a plan of their own."""


def planned(campaign: Campaign) -> Step:
    """The first step: the plan itself."""
    return Step(
        campaign.version, Action.PLAN, campaign.status, campaign.author, campaign.created_at
    )


def check_read(campaign: Campaign, action: Action, read: int | None) -> None:
    """Who approves has read the plan as it is. Raises OtherVersion."""
    if action is Action.APPROVE and (read or 1) != campaign.plan_version:
        raise OtherVersion


def advance(
    campaign: Campaign, action: Action, actor: str, at: datetime, note: str | None = None
) -> tuple[Campaign, Step]:
    """The campaign after a step, and the step. Raises WrongStep, OwnCampaign, NotReserved."""
    sources, target = MOVES[action]
    if campaign.status not in sources:
        raise WrongStep
    if action in JUDGING and actor in (campaign.author, campaign.reviser):
        raise OwnCampaign
    if action is Action.LAUNCH and not budgets.launchable(campaign.reservation):
        raise NotReserved
    version = campaign.version + 1
    approver = {Action.APPROVE: actor, Action.REJECT: None}.get(action, campaign.approver)
    moved = replace(campaign, status=target, version=version, approver=approver)
    return moved, Step(version, action, target, actor, at, note)

"""An experiment: what its arms change, who gets what, when it may be stopped. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from typing import Final
from uuid import UUID

import numpy as np

from campaign_service.experiments.assigning import Arm, Assigned, Draw
from contracts.campaign.experiments import ArmMethod, ArmRequest, ExperimentRequest
from contracts.campaign.plans import ContentRef, OwnTexts, Plan

DRAWS: Final = 20_000  # of a bandit's posterior
CLICKS_AFTER: Final = timedelta(days=2)  # who has not followed a link by then does not


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment as it stands. `weights`: of a bandit, as last learnt."""

    experiment_id: UUID
    asked: ExperimentRequest
    author: str
    created_at: datetime
    weights: Mapping[str, float] | None = None
    stopped_at: datetime | None = None
    stopped_by: str | None = None
    winner: str | None = None

    @property
    def is_bandit(self) -> bool:
        """Whether shares follow what was seen."""
        return self.asked.method is ArmMethod.BANDIT

    @property
    def draw(self) -> Draw:
        """How members are shared out."""
        arms = [Arm(arm.name, arm.share) for arm in self.asked.arms]
        return Draw(self.asked.name, arms, self.asked.floor if self.is_bandit else None)

    @property
    def shares(self) -> dict[str, float]:
        """Of the part that is drawn with shares that stay."""
        return {arm.name: 1.0 if self.is_bandit else arm.share for arm in self.asked.arms}

    @property
    def baseline(self) -> str:
        """The arm that the others are compared with."""
        return self.asked.arms[0].name

    def assign(self, member_id: UUID) -> Assigned:
        """A member's arm who has none yet."""
        if self.stopped_at is not None:
            return Assigned(self.winner or self.baseline, False)
        return self.draw.of(member_id, self.weights)


def changed(plan: Plan, arm: ArmRequest) -> Plan:
    """The campaign's plan as an arm has it."""
    update: dict[str, object] = {}
    if arm.texts is not None:
        update["content"] = OwnTexts(texts=arm.texts)
    if arm.variant is not None and isinstance(plan.content, ContentRef):
        update["content"] = plan.content.model_copy(update={"variant": arm.variant})
    if arm.offer is not None:
        update["offer"] = arm.offer
    if arm.channel is not None:
        update["channels"] = [arm.channel, *(c for c in plan.channels if c != arm.channel)]
    return plan.model_copy(update=update)


def leaves(due_at: datetime, hour: int, zone: tzinfo) -> datetime:
    """When a message leaves that may from `due_at` on, and is to at an hour of the day."""
    local = due_at.astimezone(zone)
    wished = datetime.combine(local.date(), time(hour), zone)
    wished += timedelta(days=1) if wished < local else timedelta()
    return wished.astimezone(due_at.tzinfo)


def learnt(rewards: Mapping[str, tuple[int, int]], seed: int) -> dict[str, float]:
    """How likely each arm is the best one, by (members, of them rewarded): Thompson sampling, in
    shares. Every arm begins as likely as any (Beta 1, 1)."""
    chance = np.random.default_rng(seed)
    names = sorted(rewards)
    samples = np.column_stack(
        [
            chance.beta(1 + good, 1 + members - good, DRAWS)
            for members, good in (rewards[name] for name in names)
        ]
    )
    best = np.bincount(samples.argmax(axis=1), minlength=len(names)) / DRAWS
    return {name: round(float(share), 4) for name, share in zip(names, best, strict=True)}

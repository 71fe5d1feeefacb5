"""What is rendered: the rules as they are, all of them loaded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.points.packages import Package
from contracts.points.paid_memberships import Plan
from contracts.points.programmes import Partner
from contracts.points.stored_value import BonusRule
from points_service.benefits.domain import Benefit
from points_service.coupons.domain import Head
from points_service.earning.domain import Rule
from points_service.expiry.domain import Policy
from points_service.programme import Programme
from points_service.rewards.domain import Reward
from points_service.tasks.domain import Task
from points_service.tiers.domain import Ladder

Told = Mapping[str, Any]  # a definition as it was written


@dataclass(frozen=True, slots=True)
class Facts:
    """`acts` are the kinds of act; `leads` days ahead at which expiry is announced."""

    now: datetime
    programme: Programme
    leads: Sequence[int]
    policies: Sequence[Policy]
    earning: Sequence[tuple[Rule, Told]]
    acts: Mapping[str, Told]
    tasks: Sequence[tuple[Task, Told]]
    ladder: Ladder
    benefits: Mapping[str, Benefit]
    templates: Sequence[Head]
    rewards: Sequence[Reward]
    bonus_rules: Sequence[BonusRule]
    plans: Sequence[Plan]
    partners: Sequence[Partner]
    packages: Sequence[Package]

    def names(self, act: str) -> Mapping[str, str]:
        """Of a kind of act, by language."""
        told = self.acts.get(act)
        return told["name"] if told else {"zh": act, "en": act}

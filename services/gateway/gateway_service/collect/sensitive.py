"""Health and diet in what is collected: kept of who agreed to it, else dropped at the door."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec
from prometheus_client import Counter

from contracts.events import Activity
from gateway_service.collect.translate import Plain
from gateway_service.proxy.forward import Forward

PURPOSE = "sensitive"
_BETWEEN_WORDS = re.compile(r"[-_ .]+|(?<=[a-z])(?=[A-Z])")
DROPPED = Counter(
    "huiyuan_collect_dropped_total", "fields of collected messages dropped at the door", ["purpose"]
)
_NAMES = frozenset(
    {
        "allergies", "allergy", "blood_type", "chronic_disease", "diabetes", "diagnosis", "diet",
        "dietary_restrictions", "disability", "disease", "food_intolerance", "health",
        "health_condition", "illness", "intolerances", "medical_condition", "medication",
        "pregnancy", "pregnant", "过敏", "饮食禁忌", "健康状况", "疾病", "怀孕",
    }
)  # fmt: skip


@lru_cache(16_384)
def about_health(name: str) -> bool:
    """Whether a field is about health or diet, however it is spelt; the same few come again."""
    return _BETWEEN_WORDS.sub("_", name).strip("_").lower() in _NAMES


async def without_consent_dropped(
    forward: Forward, activities: Sequence[Activity | Plain]
) -> list[Activity | Plain]:
    """The activities without what their members did not agree to. Raises Gone.

    Most have nothing of the kind, and cost a look at the names of their fields. Who is not known
    to be a member has agreed to nothing.
    """
    asked = {
        n: each
        for n, each in enumerate(activities)
        if isinstance(each, Activity)  # the plain ones are known to have nothing of the kind
        and (any(map(about_health, each.properties)) or any(map(about_health, each.traits)))
    }
    if not asked:
        return list(activities)
    indexes = [one.index for each in asked.values() for one in each.identifiers]
    owners = await forward.resolve(indexes) if indexes else {}
    kept = list(activities)
    for n, each in asked.items():
        member = _owner(each, owners)
        if member is not None and await forward.consents.granted(member, PURPOSE):
            continue
        kept[n] = msgspec.structs.replace(
            each, properties=_without(each.properties), traits=_without(each.traits)
        )
    return kept


def _owner(activity: Activity, owners: Mapping[str, UUID]) -> UUID | None:
    if activity.member_id is not None:
        return activity.member_id
    return next((owners[one.index] for one in activity.identifiers if one.index in owners), None)


def _without(told: Mapping[str, Any]) -> dict[str, Any]:
    left = {name: value for name, value in told.items() if not about_health(name)}
    DROPPED.labels(PURPOSE).inc(len(told) - len(left))
    return left

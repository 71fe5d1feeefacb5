"""Who is asked, which answers fit, and figures with their intervals. Pure."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import sqrt
from typing import Any
from uuid import UUID

_Z = 1.959964  # two-sided 95 %
SCALES = {"nps": range(11), "csat": range(1, 6)}


@dataclass(frozen=True, slots=True)
class Survey:
    """A survey as it stands; `document` is what was planned."""

    seq: int
    survey_id: UUID
    key: str
    document: Mapping[str, Any]
    touchpoint: str
    open: bool
    author: str
    created_at: datetime

    @property
    def questions(self) -> list[dict[str, Any]]:
        """In their sequence."""
        return list(self.document["questions"])

    @property
    def measured(self) -> dict[str, Any] | None:
        """The question whose answer is the score."""
        return next((each for each in self.questions if each["kind"] in SCALES), None)


@dataclass(frozen=True, slots=True)
class Invitation:
    """A member who was asked."""

    invitation_id: UUID
    survey_id: UUID
    member_id: UUID
    language: str
    store: str | None
    until: datetime
    answered: bool


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


def sampled(what: str, salt: str, share: float) -> bool:
    """Whether this occasion is followed by an invitation: the same whenever it is asked."""
    digest = hashlib.sha256(f"{salt}\x1f{what}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64


def values_of(question: Mapping[str, Any]) -> list[str]:
    """What may be answered."""
    scale = SCALES.get(question["kind"])
    return list(map(str, scale)) if scale else [each["option"] for each in question["options"]]


def unfit(survey: Survey, answers: Mapping[str, Sequence[str]]) -> list[str]:
    """Questions that are not answered as they should be, and such that there are none."""
    names = {each["question"] for each in survey.questions}
    return [each["question"] for each in survey.questions if not _fits(each, answers)] + [
        name for name in answers if name not in names
    ]


def _fits(question: Mapping[str, Any], answers: Mapping[str, Sequence[str]]) -> bool:
    given = answers.get(question["question"], ())
    if not given:
        return not question["required"]
    if len(given) > 1 and question["kind"] != "choices":
        return False
    return len(set(given)) == len(given) and set(given) <= set(values_of(question))


def to_follow_up(survey: Survey, score: int | None) -> bool:
    """Whether somebody has to ask what went wrong."""
    limit = survey.document.get("follow_up_at")  # surveys of before have none
    return score is not None and limit is not None and score <= limit


def nps(promoters: int, passives: int, detractors: int) -> Figure:
    """Net promoter score. The interval is Wald's with three more answers, spread 1 : 2 : 1 over the
    three groups (Rocks 2016): it keeps its 95 % for few answers and for scores near the ends. The
    score itself is always inside."""
    n = promoters + passives + detractors
    up, down, total = promoters + 0.75, detractors + 0.75, n + 3
    middle = (up - down) / total
    half = _Z * sqrt(((up + down) / total - middle**2) / total)
    score = (promoters - detractors) / n
    low, high = max(middle - half, -1.0), min(middle + half, 1.0)
    return Figure(100 * score, 100 * min(low, score), 100 * max(high, score))


def csat(satisfied: int, n: int) -> Figure:
    """Share of the satisfied in percent, with Wilson's interval."""
    share, z2 = satisfied / n, _Z**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z / (1 + z2 / n) * sqrt(share * (1 - share) / n + z2 / (4 * n**2))
    return Figure(100 * share, 100 * max(middle - half, 0.0), 100 * min(middle + half, 1.0))

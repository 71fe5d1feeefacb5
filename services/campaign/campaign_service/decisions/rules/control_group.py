"""A stable share of the members is left alone, so that the effect can be measured."""

import hashlib
from uuid import UUID

from campaign_service.decisions.domain import Case, Facts, Rule, Words
from contracts.campaign.decisions import Outcome


def position(salt: str, member_id: UUID) -> float:
    """Where a member stands in a campaign, in [0, 1): the same for ever, another per salt."""
    digest = hashlib.blake2b(member_id.bytes, key=_key(salt), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def _key(salt: str) -> bytes:
    return hashlib.blake2b(salt.encode(), digest_size=32).digest()


def judge(case: Case) -> tuple[bool, Facts]:
    """Outside the share at the lower end."""
    share = case.terms.control_share
    outside = position(case.terms.salt, case.candidate.member.member_id) >= share
    return outside, {"percent": round(share * 100)}


RULE = Rule(
    name="control_group",
    judge=judge,
    otherwise=Outcome.CONTROL,
    passed=Words("不在{percent}%对照组中", "not in the control group of {percent}%"),
    failed=Words(
        "在{percent}%对照组中，不联系，仅作比较",
        "in the control group of {percent}%, left alone for comparison",
    ),
)

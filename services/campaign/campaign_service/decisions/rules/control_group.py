"""A stable share of the members is left alone, so that the effect can be measured."""

from campaign_service.decisions.domain import Case, Facts, Rule, Words
from campaign_service.experiments.assigning import position
from contracts.campaign.decisions import Outcome


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

"""A stable share of the members is left alone, so that the effect can be measured.

Who is held out goes on through the checks: of both sides it has to be known who could be reached.
"""

from uuid import UUID

from campaign_service.decisions.domain import Case, Facts, Rule, Terms, Words
from campaign_service.experiments.assigning import position
from contracts.campaign.decisions import Outcome

CONTROL = "control"


def held_out(terms: Terms, member_id: UUID) -> str:
    """Outside the share at the lower end: "". Nobody is held out of what it has to know."""
    if terms.transactional or position(terms.salt, member_id) >= terms.control_share:
        return ""
    return CONTROL


def judge(case: Case) -> tuple[bool, Facts]:
    """Which group it is was drawn before anything else."""
    return not case.standing.held_out, {"percent": round(case.terms.control_share * 100)}


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

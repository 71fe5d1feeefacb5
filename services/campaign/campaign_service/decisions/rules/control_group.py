"""A stable share of the members is left alone, so that the effect can be measured.

Who is held out goes on through the checks: of both sides it has to be known who could be reached.
"""

from uuid import UUID

from campaign_service.decisions.domain import Case, Facts, Rule, Terms, Words
from campaign_service.experiments.assigning import position
from contracts.campaign.decisions import Outcome

CONTROL, GLOBAL = "control", "global"


def held_out(terms: Terms, member_id: UUID) -> str:
    """Of which group a member is: that of all campaigns, this one's, "" of none. Nobody is held out
    of what it has to know."""
    if terms.transactional:
        return ""
    if terms.left_alone is not None and terms.left_alone.among(member_id, terms.left_alone_salt):
        return GLOBAL
    return CONTROL if position(terms.salt, member_id) < terms.control_share else ""


def judge(case: Case) -> tuple[bool, Facts]:
    """Which group it is was drawn before anything else."""
    group, alone = case.standing.held_out, case.terms.left_alone
    if group == GLOBAL and alone is not None:
        return False, {"of_all": f"{alone.share * 100:g}"}
    return not group, {"percent": round(case.terms.control_share * 100)}


RULE = Rule(
    name="control_group",
    judge=judge,
    otherwise=Outcome.CONTROL,
    passed=Words("不在{percent}%对照组中", "not in the control group of {percent}%"),
    failed=(
        Words(
            "在全年对照组中（全体会员的{of_all}%），任何营销活动都不联系，仅作比较",
            "in the year's global control group of {of_all}% of all members, whom no marketing"
            " contacts, for comparison",
        ),
        Words(
            "在{percent}%对照组中，不联系，仅作比较",
            "in the control group of {percent}%, left alone for comparison",
        ),
    ),
)

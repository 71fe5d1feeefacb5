"""The member has agreed to be written to by one of the campaign's channels.

What the gateway has told so far; it asks itself once more when the message leaves, and of children
their guardians.
"""

from campaign_service.decisions.domain import Case, Facts, Rule, Words
from contracts.campaign.decisions import Outcome


def judge(case: Case) -> tuple[bool, Facts]:
    """The channels agreed to; where none is, those that were wanted."""
    if case.terms.transactional:
        return True, {"transactional": "yes"}
    agreed = case.agreed
    return bool(agreed), {"channels": ", ".join(agreed or case.terms.channels)}


RULE = Rule(
    name="consent",
    judge=judge,
    otherwise=Outcome.SKIPPED,
    passed=(
        Words("同意接收营销信息：{channels}", "agreed to marketing by {channels}"),
        Words(
            "事关会员自己的订单或积分，无须营销同意",
            "about the member's own order or points, which needs no consent",
        ),
    ),
    failed=Words("未同意通过{channels}接收营销信息", "has not agreed to marketing by {channels}"),
)

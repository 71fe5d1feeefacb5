"""What would leave too late does not leave at all."""

from campaign_service.decisions.domain import Case, Facts, Rule, Words
from contracts.campaign.decisions import Outcome


def judge(case: Case) -> tuple[bool, Facts]:
    """Against the plan's `stale_after`, from the occasion of a trigger on, else from now on."""
    after = case.terms.stale_after
    return not case.standing.stale, {"minutes": int(after.total_seconds() // 60)} if after else {}


RULE = Rule(
    name="stale",
    judge=judge,
    otherwise=Outcome.SKIPPED,
    passed=Words("消息未过时", "not out of date"),
    failed=Words(
        "发出时距触发已超过{minutes}分钟，消息过时",
        "it would leave more than {minutes} minutes after its occasion, out of date",
    ),
)

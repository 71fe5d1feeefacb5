"""One message a member a day, whatever campaign it comes from."""

from campaign_service.decisions.domain import Case, Facts, Rule, Words
from contracts.campaign.decisions import Outcome

MESSAGES_A_DAY = 1


def judge(case: Case) -> tuple[bool, Facts]:
    """Counts what is planned or sent for the day on which this message would leave."""
    day = case.policy.quiet.day(case.policy.quiet.next_open(case.now))
    return case.candidate.messages_that_day < MESSAGES_A_DAY, {"day": day.isoformat()}


RULE = Rule(
    name="daily_cap",
    judge=judge,
    otherwise=Outcome.SKIPPED,
    passed=Words("{day}尚无其他消息", "no other message on {day}"),
    failed=Words(
        "{day}已有一条消息，每天最多一条", "there is a message on {day} already, one a day at most"
    ),
)

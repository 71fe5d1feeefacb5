"""At night a message waits; it is decided all the same."""

from campaign_service.decisions.domain import Case, Facts, Rule, Words


def judge(case: Case) -> tuple[bool, Facts]:
    """Messages may leave now; if not, the facts tell the hour until which they are held."""
    hour = case.held_until
    return hour is None, {"hour": hour} if hour else {}


RULE = Rule(
    name="quiet_hours",
    judge=judge,
    otherwise=None,
    passed=Words("不在免打扰时段", "outside quiet hours"),
    failed=Words("免打扰时段，保留至{until}发送", "quiet hours, held until {until}"),
)

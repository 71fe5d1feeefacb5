"""How points expire and depreciate."""

from points_service.expiry.domain import Policy
from points_service.rulebook.domain import Section, Text
from points_service.rulebook.facts import Facts


def section(facts: Facts) -> Section:
    """From the active policies."""
    active = [each for each in facts.policies if each.active]
    leads_zh = "、".join(str(lead) for lead in facts.leads)
    leads_en = " and ".join(str(lead) for lead in facts.leads)
    return Section(
        "expiry",
        Text("积分有效期", "How long points last"),
        [
            *(render(each) for each in active),
            Text(
                f"积分失效前 {leads_zh} 天各提醒一次。",
                f"Members are told {leads_en} days before points go.",
            ),
        ],
    )


def render(policy: Policy) -> Text:
    """A policy in words."""
    figures = policy.figures
    if policy.kind == "rolling":
        months = figures["months"]
        return Text(
            f"积分自获得之日起 {months} 个月后的零时失效。",
            f"Points expire {months} months after the day they were earned, as that day begins.",
        )
    if policy.kind == "end_of_year":
        years = figures["years"]
        return Text(
            f"积分于获得当年之后第 {years} 年年底失效。" if years else "积分于获得当年年底失效。",
            f"Points expire at the end of the year, {years} years after the one they were earned"
            " in."
            if years
            else "Points expire at the end of the year they were earned in.",
        )
    percent, month, day = figures["percent"], figures["month"], figures["day"]
    return Text(
        f"每年 {month} 月 {day} 日零时，此前获得的积分减少 {percent}%。",
        f"Each year, as {day}/{month} (day/month) begins, points earned before lose {percent} %.",
    )

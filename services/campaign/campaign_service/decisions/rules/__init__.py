"""The checks of every message, in their order: one file each, one line here."""

from contextlib import suppress
from datetime import datetime, timedelta, tzinfo

from campaign_service.decisions.domain import Facts, Rule, Verdict, Words
from campaign_service.decisions.rules import (
    audience,
    budget,
    caps,
    channel,
    consent,
    control_group,
    objection,
    quiet_hours,
    sending,
    stale,
    suppression,
    wording,
)

RULES: tuple[Rule, ...] = (
    audience.RULE,
    control_group.RULE,
    objection.RULE,
    consent.RULE,
    suppression.RULE,
    quiet_hours.RULE,
    stale.RULE,
    caps.RULE,
    budget.RULE,
    channel.RULE,
    wording.RULE,
)


def _several(words: Words | tuple[Words, ...]) -> tuple[Words, ...]:
    return words if isinstance(words, tuple) else (words,)


WORDS: dict[tuple[str, bool], tuple[Words, ...]] = {
    **{(rule.name, True): _several(rule.passed) for rule in RULES},
    **{(rule.name, False): _several(rule.failed) for rule in RULES},
    **sending.WORDS,
    # decisions of before there were other caps than the day's
    ("daily_cap", True): (Words("{day}尚无其他消息", "no other message on {day}"),),
    ("daily_cap", False): (
        Words(
            "{day}已有一条消息，每天最多一条",
            "there is a message on {day} already, one a day at most",
        ),
    ),
}


def in_words(verdict: Verdict, more: Facts | None = None) -> Words:
    """A verdict as sentences; `more`: facts that are the decision's own."""
    facts = {**(more or {}), **verdict.facts}
    for words in WORDS[verdict.check, verdict.passed]:
        with suppress(KeyError):
            return Words(words.zh.format(**facts), words.en.format(**facts))
    raise LookupError(f"no words for {verdict.check} with {sorted(facts)}")


def of_the_moment(
    verdict: Verdict, occasion: datetime, decided_at: datetime, zone: tzinfo
) -> Facts:
    """What verdicts leave to the decision: the day of its occasion, and when its message leaves."""
    if verdict.check in ("quiet_hours", "caps"):
        leaves = _next(decided_at.astimezone(zone), verdict.facts.get("hour"))
        return {"until": f"{leaves:%Y-%m-%d %H:%M}", "day": f"{leaves:%Y-%m-%d}"}
    day = occasion.astimezone(zone).date().isoformat()
    match verdict.facts.get("moment"):
        case "entered":
            return {"entered_on": day}
        case "ordered":
            return {"last_order_on": day, "days": (decided_at - occasion).days}
        case "joined":
            return {"joined_on": day}
        case "asked":
            return {"asked_on": day}
    return {}


def _next(moment: datetime, hour: str | int | None) -> datetime:
    """The next time that clocks show the hour; at once without one."""
    if hour is None:
        return moment
    at = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    hours, minutes = map(int, str(hour).split(":"))
    at += timedelta(hours=hours, minutes=minutes)
    return at if at >= moment else at + timedelta(days=1)

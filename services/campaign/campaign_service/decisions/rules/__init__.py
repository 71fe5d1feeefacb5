"""The checks of every message, in their order: one file each, one line here."""

from campaign_service.decisions.domain import Rule, Verdict, Words
from campaign_service.decisions.rules import (
    audience,
    budget,
    consent,
    control_group,
    daily_cap,
    objection,
    quiet_hours,
)

RULES: tuple[Rule, ...] = (
    audience.RULE,
    objection.RULE,
    control_group.RULE,
    daily_cap.RULE,
    budget.RULE,
    quiet_hours.RULE,
)
WORDS: dict[tuple[str, bool], Words] = {
    **{(rule.name, True): rule.passed for rule in RULES},
    **{(rule.name, False): rule.failed for rule in RULES},
    **consent.WORDS,
}


def in_words(verdict: Verdict) -> Words:
    """A verdict as sentences."""
    words = WORDS[verdict.check, verdict.passed]
    return Words(words.zh.format(**verdict.facts), words.en.format(**verdict.facts))

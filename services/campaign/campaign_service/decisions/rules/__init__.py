"""The checks of every message, in their order: one file each, one line here."""

from contextlib import suppress

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


def _several(words: Words | tuple[Words, ...]) -> tuple[Words, ...]:
    return words if isinstance(words, tuple) else (words,)


RULES: tuple[Rule, ...] = (
    audience.RULE,
    objection.RULE,
    control_group.RULE,
    daily_cap.RULE,
    budget.RULE,
    quiet_hours.RULE,
)
WORDS: dict[tuple[str, bool], tuple[Words, ...]] = {
    **{(rule.name, True): _several(rule.passed) for rule in RULES},
    **{(rule.name, False): (rule.failed,) for rule in RULES},
    **{key: (words,) for key, words in consent.WORDS.items()},
}


def in_words(verdict: Verdict) -> Words:
    """A verdict as sentences."""
    for words in WORDS[verdict.check, verdict.passed]:
        with suppress(KeyError):
            return Words(words.zh.format(**verdict.facts), words.en.format(**verdict.facts))
    raise LookupError(f"no words for {verdict.check} with {sorted(verdict.facts)}")

"""What a message text may contain, and how it is filled in."""

from dataclasses import dataclass
from string import Formatter

from campaign_service.templates.values import discount as in_words
from campaign_service.wording import lexicon

NAME = "{name}"  # stays: only the gateway knows it
VARIABLES = frozenset({"name", "code", "discount", "days"})
NAME_LENGTH = 4  # the longest usual Chinese name
SMS_LENGTH = {"zh": 70, "en": 160}
UNSUBSCRIBE = {"zh": "拒收请回复", "en": "opt out"}


@dataclass(frozen=True, slots=True)
class Filling:
    """The variables of one message."""

    code: str
    percent_off: int
    days: int


LONGEST = Filling(code="X" * 12, percent_off=85, days=365)


def render(text: str, language: str, filling: Filling) -> str:
    """The text with everything but the name filled in."""
    discount = in_words(language, filling.percent_off)
    return text.format(name=NAME, code=filling.code, discount=discount, days=filling.days)


def faults(text: str, language: str) -> list[str]:
    """What is wrong with a text, in words; empty when it may be sent."""
    try:
        fields = [field for field in Formatter().parse(text) if field[1] is not None]
    except ValueError:
        return ["braces do not match"]
    names = {name for _, name, _, _ in fields}
    if names - VARIABLES or any(spec or conversion for _, _, spec, conversion in fields):
        return ["unknown variable"]
    found = []
    if "code" not in names:
        found.append("{code} is missing")
    if UNSUBSCRIBE[language] not in text:
        found.append("the way to unsubscribe is missing")
    length = len(render(text, language, LONGEST).replace(NAME, "X" * NAME_LENGTH))
    if length > SMS_LENGTH[language]:
        found.append(f"longer than one SMS ({length} > {SMS_LENGTH[language]} characters)")
    return found + lexicon.blocking(lexicon.check(text))

"""What a message text may contain, and how it is filled in."""

from collections.abc import Mapping
from string import Formatter
from typing import Any

from campaign_service.wording import lexicon

NAME = "{name}"  # stays: only the gateway knows it
VARIABLES = frozenset({"name", "code", "discount", "days", "points"})
NAME_LENGTH = 4  # the longest usual Chinese name
SMS_LENGTH = {"zh": 70, "en": 160}
UNSUBSCRIBE = {"zh": "拒收请回复", "en": "opt out"}


def render(text: str, filling: Mapping[str, Any]) -> str:
    """The text with everything but the name filled in."""
    return text.format_map({**filling, "name": NAME})


def faults(text: str, language: str, filling: Mapping[str, Any]) -> list[str]:
    """What is wrong with a text, in words; empty when it may be sent. `filling`: the longest values
    that there are; a text may name no other, and names the code if there is one."""
    try:
        fields = [field for field in Formatter().parse(text) if field[1] is not None]
    except ValueError:
        return ["braces do not match"]
    names = {name for _, name, _, _ in fields if name is not None}
    if names - VARIABLES or any(spec or conversion for _, _, spec, conversion in fields):
        return ["unknown variable"]
    if unsaid := sorted(names - filling.keys() - {"name"}):
        return [f"the offer has no {', '.join(unsaid)}"]
    found = []
    if "code" in filling and "code" not in names:
        found.append("{code} is missing")
    if UNSUBSCRIBE[language] not in text:
        found.append("the way to unsubscribe is missing")
    length = len(render(text, filling).replace(NAME, "X" * NAME_LENGTH))
    if length > SMS_LENGTH[language]:
        found.append(f"longer than one SMS ({length} > {SMS_LENGTH[language]} characters)")
    return found + lexicon.blocking(lexicon.check(text))

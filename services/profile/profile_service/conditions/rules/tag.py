"""Has a tag, a value of it, and is it sure enough."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from profile_service.conditions.domain import NO_WANTS, Ask, Known, Wants, plain
from profile_service.conditions.rules.reading import Reader

KEYWORD = "tag"


@dataclass(frozen=True, slots=True)
class Tag:
    """`{"tag": name, "value": one or several, "confidence": at least}`."""

    name: str
    values: tuple[str, ...] = ()
    confidence: Decimal | None = None

    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = {KEYWORD: self.name}
        if self.values:
            document["value"] = list(self.values) if len(self.values) > 1 else self.values[0]
        if self.confidence is not None:
            document["confidence"] = plain(self.confidence)
        return document

    def wants(self) -> Wants:
        return NO_WANTS

    def holds(self, known: Known, today: date) -> bool:
        tag = known.tags.get(self.name)
        if tag is None or (self.values and tag[0] not in self.values):
            return False
        return self.confidence is None or Decimal(str(tag[1])) >= self.confidence

    def turns(self, known: Known) -> Iterable[date]:
        return ()  # the tag itself is looked at again

    def sql(self, ask: Ask) -> str:
        name = ask(self.name, "text")
        tests = [f"tags ? {name}"]
        if self.values:
            tests.append(f"tags -> {name} ->> 'value' = ANY({ask(list(self.values), 'text[]')})")
        if self.confidence is not None:
            sure = ask(self.confidence, "numeric")
            tests.append(f"(tags -> {name} ->> 'confidence')::numeric >= {sure}")
        return f"p.subject_id IN (SELECT subject_id FROM member_tags WHERE {' AND '.join(tests)})"

    @property
    def told(self) -> bool:
        """Whether what others are told of tags answers it."""
        return self.confidence is None and len(self.values) <= 1


def parse(read: Reader) -> Tag:
    """From a definition."""
    read.only(KEYWORD, "value", "confidence")
    confidence = read.number("confidence")
    if confidence is not None and not 0 <= confidence <= 1:
        read.fault("confidence", "number_expected", "a number from 0 to 1")
    return Tag(read.text(KEYWORD), read.texts("value"), confidence)

"""Said yes, or no, to a purpose."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from profile_service.conditions.domain import Ask, Known, Wants
from profile_service.conditions.rules.reading import Reader

KEYWORD = "consent"


@dataclass(frozen=True, slots=True)
class Consent:
    """`{"consent": "marketing", "channel": "sms"}`; `"granted": false` is an explicit no."""

    purpose: str
    channel: str = ""
    granted: bool = True

    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = {KEYWORD: self.purpose}
        if self.channel:
            document["channel"] = self.channel
        return document if self.granted else document | {"granted": False}

    def wants(self) -> Wants:
        return Wants(kinds=frozenset({KEYWORD}))

    def holds(self, known: Known, today: date) -> bool:
        return known.consents.get((self.purpose, self.channel)) is self.granted

    def turns(self, known: Known) -> Iterable[date]:
        return ()

    def sql(self, ask: Ask) -> str:
        return (
            "p.subject_id IN (SELECT subject_id FROM member_consent"
            f" WHERE purpose = {ask(self.purpose, 'text')}"
            f" AND channel = {ask(self.channel, 'text')} AND granted = {ask(self.granted, 'bool')})"
        )


def parse(read: Reader) -> Consent:
    """From a definition."""
    read.only(KEYWORD, "channel", "granted")
    granted = read.body.get("granted", True)
    if not isinstance(granted, bool):
        read.fault("granted", "truth_expected", "true or false")
    return Consent(read.text(KEYWORD), read.maybe_text("channel") or "", bool(granted))

"""A message out of a template: filled, counted, checked. Pure; the pipeline calls `compose`."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from campaign_service.templates import limits
from campaign_service.templates.engine import BadTemplate, TooMuch, parsed, rendered
from campaign_service.templates.limits import Count, Sms
from campaign_service.templates.variables import VARIABLES, filled, is_placeholder
from campaign_service.wording import lexicon
from campaign_service.wording.domain import BLOCK, Finding, verdict

Parts = Mapping[str, str]
Fallbacks = Mapping[str, Mapping[str, str]]  # by variable, by language
MARKETING = "marketing"


@dataclass(frozen=True, slots=True)
class Content:
    """What one channel says in one language; A/B variants have names."""

    channel: str
    language: str
    variant: str
    parts: Parts


@dataclass(frozen=True, slots=True)
class Script:
    """What a version of a template says, all channels and languages."""

    purpose: str
    contents: Sequence[Content]
    defaults: Fallbacks

    def variants(self, channel: str) -> list[str]:
        """The variants that a channel has, in their order."""
        return sorted({each.variant for each in self.contents if each.channel == channel})

    def content(self, channel: str, language: str, variant: str) -> Content | None:
        """The content for these three."""
        wanted = (channel, language, variant)
        return next((each for each in self.contents
                     if (each.channel, each.language, each.variant) == wanted), None)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Message:
    """What would leave, and what speaks against it. `{name}` is filled by the gateway."""

    parts: Parts
    sms: Count | None
    fallbacks: Sequence[str]
    missing: Sequence[str]
    faults: Sequence[str]
    findings: Sequence[Finding]

    @property
    def sendable(self) -> bool:
        """Whether nothing is missing, too long or against the law."""
        return not (self.missing or self.faults) and verdict(self.findings) != BLOCK


def compose(
    content: Content, values: Mapping[str, Any], script: Script, sms: Sms
) -> Message:  # fmt: skip
    """One message with these values (`values.in_language` makes them)."""
    names = frozenset[str]().union(*map(parsed, content.parts.values()))
    given, fallbacks, missing = filled(names, content.language, values, script.defaults)
    if missing:
        return Message({}, None, fallbacks, missing, [], [])
    try:
        parts = {
            name: rendered(source, content.language, given)
            for name, source in content.parts.items()
        }
    except (BadTemplate, TooMuch) as fault:
        return Message({}, None, fallbacks, [], [str(fault)], [])
    marketing = script.purpose == MARKETING
    faults = limits.too_long(content.channel, parts, content.language, sms, marketing=marketing)
    count = None
    if content.channel == "sms":
        count = limits.count_sms(parts["text"], content.language, sms, marketing=marketing)
    findings = [each for text in parts.values() for each in lexicon.check(text)]
    return Message(parts, count, fallbacks, [], faults, findings)


def variant_of(member_id: UUID, salt: str, variants: Sequence[str]) -> str:
    """The same member always gets the same one; over members they are shared out evenly."""
    digest = hashlib.sha256(f"{salt}\x1f{member_id}".encode()).digest()
    return variants[int.from_bytes(digest[:8], "big") % len(variants)]


def faults(script: Script, sms: Sms) -> list[tuple[str, str]]:
    """What is wrong with a version, as (pointer, why in words). Judged as short as it can be: what
    does not fit then never will; what a message really needs is counted as it is composed."""
    found = [
        (f"/contents/{n}/parts", fault)
        for n, content in enumerate(script.contents)
        for fault in _content_faults(content, script, sms)
    ]
    found += [
        (f"/defaults/{n}", "no variable that a fallback can stand in for")
        for n, name in enumerate(script.defaults)
        if name not in VARIABLES or is_placeholder(name) or VARIABLES[name].kind is list
    ]
    return found + [("/contents", fault) for fault in _unpaired(script.contents)]


def variables(contents: Iterable[Content]) -> list[str]:
    """The variables that contents name."""
    return sorted(frozenset[str]().union(
        *(parsed(source) for content in contents for source in content.parts.values())
    ))  # fmt: skip


def _content_faults(content: Content, script: Script, sms: Sms) -> list[str]:
    if found := limits.misshaped(content.channel, content.parts):
        return found
    try:
        names = frozenset[str]().union(*map(parsed, content.parts.values()))
        short = {name: VARIABLES[name].shortest for name in names if not is_placeholder(name)}
        message = compose(content, short, script, sms)
    except BadTemplate as fault:
        return [str(fault)]
    kinds = content.channel in ("wechat", "miniprogram")  # depend on the values
    return [*(() if kinds else message.faults), *lexicon.blocking(message.findings)]


def _unpaired(contents: Sequence[Content]) -> list[str]:
    """Each channel and variant once in each language."""
    seen = [(each.channel, each.variant, each.language) for each in contents]
    pairs = {(channel, variant) for channel, variant, _ in seen}
    twice = len(set(seen)) < len(seen)
    alone = any({(*pair, "zh"), (*pair, "en")} - set(seen) for pair in pairs)
    return ["a channel's variant is there twice"] * twice + [
        "a channel's variant is there in one language only"
    ] * alone

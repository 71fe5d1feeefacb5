"""Changes of tags that somebody should look at. Pure but for the shipped file."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import TypeAdapter

from contracts.tag_watches import TagWatch
from profile_service.tags.domain import Decision, Verdict

BY_REVIEW = "review"  # the rule of a tag that is kept by decision


@dataclass(frozen=True, slots=True)
class Flip:
    """A watched tag that changed; `after` None: lost. It is looked at if it is the `times`-th since
    `since`."""

    tag: str
    before: str | None
    after: str | None
    confidence: float
    times: int
    since: datetime


@functools.cache
def shipped() -> Mapping[str, TagWatch]:
    """Watches that come with the platform, by tag."""
    text = (Path(__file__).parent / "watches.json").read_bytes()
    return {each.tag: each for each in TypeAdapter(list[TagWatch]).validate_json(text)}


def flips(
    decision: Decision,
    before: Mapping[str, Verdict],
    watches: Mapping[str, TagWatch],
    now: datetime,
) -> list[Flip]:
    """Changes that count. When a decision of staff has run its term, that is no change."""
    found = []
    for name in sorted(watches.keys() & before.keys()):
        watch, old, new = watches[name], before[name], decision.tags.get(name)
        if new is not None and new.value == old.value:
            continue
        kind = "lost" if new is None else "other"
        if watch.changes not in (kind, "any") or BY_REVIEW in (old.rule, new and new.rule):
            continue
        if old.confidence < watch.confidence or not _soon(old, watch, now):
            continue
        since = now - timedelta(days=watch.within_days)
        after = new.value if new is not None else None
        found.append(Flip(name, old.value, after, old.confidence, watch.times, since))
    return found


def _soon(old: Verdict, watch: TagWatch, now: datetime) -> bool:
    if watch.held_days is None:
        return True
    held = now - old.decided_at if old.decided_at else None
    return held is not None and held <= timedelta(days=watch.held_days)

"""The monthly review of a member, up and down. Pure.

At the beginning of a month everybody is measured by the month just ended. Who has earned a higher
tier climbs. Who has earned the tier held keeps it, and a warning is forgotten. Who has earned less
keeps the tier while its qualification period lasts; then, or so that it ends with the period, a
warning is given, and at the first review at least `grace_days` later that is failed as well the
member falls. Nobody falls without a warning unless the grace period is 0.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from points_service.calendar import months_later
from points_service.members.domain import Member
from points_service.tiers.domain import Ladder


@dataclass(frozen=True, slots=True)
class Verdict:
    """The member after the review, and where to the member falls if newly warned by it."""

    member: Member
    falls_to: str | None = None


def next_review(day: date) -> date:
    """The first review on that day or later: the 1st of a month."""
    return day if day.day == 1 else months_later(day.replace(day=1), 1)


def kept_until(ladder: Ladder, since: date) -> date:
    """The first review at which a tier reached on `since` can be lost."""
    soonest = next_review(since + timedelta(days=1))
    return max(soonest, next_review(months_later(since, ladder.qualification_months)))


def lands_on(ladder: Ladder, tier: str, earned: str) -> str:
    """Where somebody falls to who has a tier and earned a lower one."""
    return ladder.below(tier).name if ladder.soft_landing else earned


def judge(member: Member, ladder: Ladder, today: date) -> Verdict:
    """The review of `today`, the 1st of a month. Once more, it changes nothing more."""
    earned = ladder.review(member.standing(months_later(today, -1)))
    here = ladder.rung(member.tier).name
    if ladder.place(earned) > ladder.place(here):
        return Verdict(member.moved(earned, today))
    if earned == here:
        return Verdict(_passed(member.moved(here, today), ladder, today))
    return _failed(member.moved(here, today), ladder, earned, today)


def _passed(member: Member, ladder: Ladder, today: date) -> Member:
    over = ladder.qualification_months and kept_until(ladder, member.kept_since) <= today
    return replace(
        member,
        kept_since=today if over else member.kept_since,
        warned_on=None,
        falls_on=None,
    )


def _failed(member: Member, ladder: Ladder, earned: str, today: date) -> Verdict:
    falls_on = member.falls_on or next_review(today + timedelta(days=ladder.grace_days))
    kept = kept_until(ladder, member.kept_since)
    if max(falls_on, kept) <= today:
        member = member.moved(lands_on(ladder, member.tier, earned), today)
        if member.tier == earned:
            return Verdict(member)
        falls_on = next_review(today + timedelta(days=ladder.grace_days))
        kept = kept_until(ladder, today)
    if member.falls_on is not None or falls_on < kept:
        return Verdict(member)
    warned = replace(member, warned_on=today, falls_on=falls_on)
    return Verdict(warned, lands_on(ladder, member.tier, earned))

"""Growth value, kept apart by what it came from; refunds take back what orders brought.

Acts other than orders bring growth and points as *gains*; they are folded into members here.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from points_service.calendar import day_of, month_of
from points_service.expiry.domain import Policies
from points_service.ledger.domain import Journal, JournalKind, debt, entries, issuing, member
from points_service.lots.domain import Lot, Use, consume, total
from points_service.members.domain import Member, climbed, step
from points_service.tiers.domain import Ladder, Step

SPEND = "spend"
PROGRAMME = "programme"  # issues points that no store gave


@dataclass(frozen=True, slots=True)
class GrowthEntry:
    """Growth gained, or taken back (< 0)."""

    member_id: UUID
    kind: str
    amount: int
    ref: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Gain:
    """What an act brings, or (all of it < 0) what is taken back again.

    `kind` names the growth (check_in, share, task, …); `ref` is unique within it: the caller
    answers for it that nothing is gained twice. `interactions`, `social` (those of them that are
    social or green deeds) and `referrals` count for tiers.
    """

    member_id: UUID
    kind: str
    ref: str
    occurred_at: datetime
    growth: int = 0
    points: int = 0
    interactions: int = 0
    referrals: int = 0
    social: int = 0


@dataclass(slots=True)
class Gained:
    """The members after all gains, and all that has to be written."""

    members: dict[UUID, Member]
    lots: list[Lot] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    entries: list[GrowthEntry] = field(default_factory=list)
    journals: list[Journal] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Terms:
    """What gaining depends on. `held` are the lots of members from whom points are taken back."""

    ladder: Ladder
    expiry: Policies
    held: Sequence[Lot] = ()


def fold(
    gains: Iterable[Gain],
    known: Mapping[UUID, Member],
    terms: Terms,
    new_id: Callable[[], UUID],
) -> Gained:
    """Fold gains into their members, in their sequence; `member_id` is a living member's."""
    gained = Gained(dict(known))
    held = {lot.lot_id: lot for lot in terms.held}
    for each in gains:
        before = gained.members[each.member_id]
        after = replace(
            before,
            growth=before.growth + each.growth,
            referrals=before.referrals + each.referrals,
        )
        if each.points > 0:
            after = _earn(after, each, gained, terms.expiry, new_id())
        elif each.points < 0:
            after = _take_back(after, each, gained, held, new_id())
        month = month_of(each.occurred_at)
        if each.interactions or each.social:
            after = after.with_interactions(month, each.interactions, each.social)
        lost = each.growth < 0 or each.referrals < 0
        tier = (
            terms.ladder.after_refund(after.tier, after.standing(month))
            if lost
            else climbed(after, terms.ladder, month)
        )
        if moved := step(before, tier, "refund" if lost else "act", each.occurred_at):
            gained.steps.append(moved)
        if each.growth:
            gained.entries.append(
                GrowthEntry(each.member_id, each.kind, each.growth, each.ref, each.occurred_at)
            )
        gained.members[each.member_id] = after.moved(tier, day_of(each.occurred_at))
    return gained


def _earn(
    before: Member, gain: Gain, gained: Gained, policies: Policies, journal_id: UUID
) -> Member:
    """A lot of its own; a debt is paid first."""
    holder, at = before.member_id, gain.occurred_at
    paid = min(gain.points, before.owed)
    lines = entries(
        (issuing(PROGRAMME), -gain.points), (member(holder), gain.points - paid),
        (debt(holder), paid),
    )  # fmt: skip
    gained.journals.append(Journal(journal_id, JournalKind.EARN, _ref(gain), at, lines))
    ends = policies.expires_at(at)
    gained.lots.append(Lot(journal_id, holder, holder, at, ends, gain.points, gain.points))
    if paid:
        gained.uses.append(Use(journal_id, journal_id, paid))
    return replace(before, balance=before.balance + gain.points - paid, owed=before.owed - paid)


def _take_back(
    before: Member, gain: Gain, gained: Gained, held: dict[UUID, Lot], journal_id: UUID
) -> Member:
    """Out of the lots that end first; what is spent by now is owed."""
    holder, due = before.member_id, -gain.points
    own = [lot for lot in held.values() if lot.member_id == holder]
    uses = consume(own, due, journal_id, gain.occurred_at)
    for use in uses:
        lot = held[use.lot_id]
        held[use.lot_id] = replace(lot, remaining=lot.remaining - use.points)
    taken = total(uses)
    lines = entries(
        (issuing(PROGRAMME), due), (member(holder), -taken), (debt(holder), taken - due)
    )
    gained.journals.append(
        Journal(journal_id, JournalKind.REVERSE, _ref(gain), gain.occurred_at, lines)
    )
    gained.uses += uses
    return replace(before, balance=before.balance - taken, owed=before.owed + due - taken)


def _ref(gain: Gain) -> str:
    return f"{gain.kind}:{gain.ref}"

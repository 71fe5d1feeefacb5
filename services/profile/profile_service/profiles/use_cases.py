"""One member, seen from all sides."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from chassis.clock import local_date
from chassis.database import Tx
from chassis.joint import Joint
from chassis.problem import Problem
from contracts.base import Money
from contracts.profile import (
    ActivitySummary,
    EventCount,
    MemberProfile,
    MemberTags,
    Portrait,
    PurchaseSummary,
    PurchaseWindow,
    TraitOrigin,
)
from profile_service.collect import repository as activity_rows
from profile_service.collect.domain import Window
from profile_service.conditions.domain import Wants
from profile_service.conditions.repository import People, people_with
from profile_service.forecasts import repository as forecast_rows
from profile_service.forecasts.domain import Forecast
from profile_service.forecasts.use_cases import churn_of
from profile_service.profiles import portrait
from profile_service.purchases import repository as purchase_rows
from profile_service.purchases.domain import Spending
from profile_service.rfm import repository as rfm_rows
from profile_service.rfm import use_cases as rfm
from profile_service.subjects import repository as subject_rows
from profile_service.subjects.domain import Person
from profile_service.tags import use_cases as tagging
from profile_service.tags.domain import NO_TAGS, Decision
from profile_service.worth import use_cases as worth
from profile_service.worth.domain import Worth

WINDOWS = (30, 90, 365)
VIEWED = 20
BIRTH_BAND_YEARS = 5
_SUMS = ("total", "last_7_days", "last_30_days")


@dataclass(frozen=True, slots=True)
class Sides:
    """All that the page shows of one person."""

    people: People
    seen: tagging.Seen
    windows: Sequence[tuple[int, int]]
    times: Mapping[str, int]
    traits: tuple[Mapping[str, Any], list[TraitOrigin]]
    did: Sequence[Window]
    viewed: list[str]
    said: Mapping[str, Forecast]
    worth: Worth | None


async def profile(tx: Tx, member_id: UUID, *, personal: bool = True) -> MemberProfile:
    """Everything on one page; not `personal`: without conclusions. Raises Problem 404.

    Two statements: who it is, and all that is known of them.
    """
    first = Joint(tx)
    whom = first.add(subject_rows.person(first.tx, member_id))
    rules = first.add(tagging.rules_now(first.tx))
    own = first.add(rfm_rows.strategies(first.tx))
    await first.ask()
    person, today = _found(whom.found), local_date(tx.now)
    sides = await _sides(tx, person, rules.found.wants, today)
    known = sides.people.attributes[person.root]
    found = await tagging.decided_from(sides.people, sides.seen, rules.found, tx.now)
    facts, decision = found.facts[person.root], found.decisions.get(person.root, NO_TAGS)
    lifecycle, group = (_value(decision, tag, personal) for tag in ("lifecycle", "customer_group"))
    purchases = _purchases(sides.windows, facts.spending)
    bought = facts.spending, facts.last_on
    cell = rfm.of_member(*bought, today, sides.people.bounds, own.found) if personal else None
    traits, origins = sides.traits
    said = {
        "gender": known.gender,
        "city": known.city,
        "orders_in_30_days": purchases.last_30_days.orders,
        **{name: tag.value or name for name, tag in decision.tags.items()},
    }
    likes = traits.get("promotion_type")
    return MemberProfile(
        member_id=person.member_id,
        registered_at=known.registered_at,
        gender=known.gender,
        birth_band=_birth_band(known.birth_year),
        city=known.city,
        region=known.region,
        traits=traits,
        trait_origins=origins,
        personalised=personal,
        lifecycle=lifecycle,
        customer_group=group,
        rfm=cell,
        clv=worth.shown(sides.said.get("clv"), sides.worth) if personal else None,
        churn=churn_of(sides.said.get("churn")) if personal else None,
        tags=tagging.shown(decision, found.rules) if personal else [],
        purchases=purchases,
        activity=_activity(sides),
        portrait=_portrait(sides.times, said, likes) if personal else None,
    )


async def _sides(tx: Tx, person: Person, wants: Wants, today: date) -> Sides:
    joint = Joint(tx)
    ask, leaves = joint.tx, person.leaves
    owners = dict.fromkeys(leaves, person.root)
    people = joint.add(people_with(ask, owners))
    seen = joint.add(tagging.seen_of(ask, owners, [person.root], wants, today))
    windows = joint.add(purchase_rows.windows(ask, leaves, tx.now, WINDOWS))
    times = joint.add(purchase_rows.times_bought(ask, leaves, tx.now))
    traits = joint.add(activity_rows.traits(ask, leaves))
    did = joint.add(activity_rows.event_windows(ask, leaves, today))
    viewed = joint.add(activity_rows.viewed(ask, leaves, VIEWED))
    said = joint.add(forecast_rows.of_person(ask, leaves))
    value = joint.add(worth.of_person(ask, person))
    await joint.ask()
    return Sides(
        people.found, seen.found, windows.found, times.found, traits.found, did.found,
        viewed.found, said.found, value.found,
    )  # fmt: skip


async def tags(tx: Tx, member_id: UUID, *, personal: bool = True) -> MemberTags:
    """A member's tags, as of now; none if not `personal`. Raises Problem 404."""
    person = _found(await subject_rows.person(tx, member_id))
    if not personal:
        return MemberTags(member_id=person.member_id, data=[])
    people = await people_with(tx, dict.fromkeys(person.leaves, person.root))
    found = await tagging.decided(tx, people, local_date(tx.now))
    decision = found.decisions.get(person.root, NO_TAGS)
    return MemberTags(member_id=person.member_id, data=tagging.shown(decision, found.rules))


def _found(person: Person | None) -> Person:
    if person is None:
        raise Problem(404, "unknown_member", "There is no such member")
    return person


def _value(decision: Decision, tag: str, personal: bool) -> str | None:
    verdict = decision.tags.get(tag) if personal else None
    return verdict.value if verdict else None


def _purchases(windows: Sequence[tuple[int, int]], spending: Spending) -> PurchaseSummary:
    month, quarter, year = (
        PurchaseWindow(orders=orders, paid=Money(amount=fen)) for orders, fen in windows
    )
    return PurchaseSummary(
        orders=spending.orders,
        lines=spending.lines,
        paid=Money(amount=spending.paid_fen),
        refunded=Money(amount=spending.refunded_fen),
        first_at=spending.first_at,
        last_at=spending.last_at,
        last_30_days=month,
        last_90_days=quarter,
        last_365_days=year,
        by_channel=dict(spending.by_channel),
        by_department_fen=dict(spending.by_department),
    )


def _activity(sides: Sides) -> ActivitySummary:
    channels: Counter[str] = Counter()
    events: dict[str, Counter[str]] = {}
    for did in sides.did:
        if did.channel:
            channels[did.channel] += did.total
        sums = events.setdefault(did.event, Counter())
        sums.update({name: getattr(did, name) for name in _SUMS})
    return ActivitySummary(
        events=sum(did.total for did in sides.did),
        last_seen_at=max((did.last_at for did in sides.did), default=None),
        by_channel=dict(channels),
        by_event=[EventCount(event=name, **sums) for name, sums in events.items()],
        viewed=sides.viewed,
    )


def _portrait(times: Mapping[str, int], said: Mapping[str, object], promotion: object) -> Portrait:
    department, habit = said.get("favourite_department"), None
    if isinstance(department, str):
        habit = department, times.get(department, 0)
    zh, en = (
        portrait.sentence(name, portrait.known_words(name, said, habit, promotion))
        for name in ("zh", "en")
    )
    return Portrait(zh=zh, en=en)


def _birth_band(year: int | None) -> str | None:
    if year is None:
        return None
    first = year - year % BIRTH_BAND_YEARS
    return f"{first}-{first + BIRTH_BAND_YEARS - 1}"

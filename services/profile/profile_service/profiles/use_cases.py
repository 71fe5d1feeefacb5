"""One member, seen from all sides."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from uuid import UUID

from chassis.clock import local_date
from chassis.database import Tx
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
)
from profile_service.collect import repository as activity_rows
from profile_service.conditions.repository import people_of
from profile_service.forecasts.use_cases import expectations
from profile_service.profiles import portrait
from profile_service.purchases import repository as purchase_rows
from profile_service.purchases.domain import Spending
from profile_service.rfm import use_cases as rfm
from profile_service.subjects import repository as subject_rows
from profile_service.subjects.domain import Person
from profile_service.tags import use_cases as tagging
from profile_service.tags.domain import NO_TAGS, Decision
from profile_service.worth import use_cases as worth

WINDOWS = (30, 90, 365)
VIEWED = 20
BIRTH_BAND_YEARS = 5


async def profile(tx: Tx, member_id: UUID, *, personal: bool = True) -> MemberProfile:
    """Everything on one page; not `personal`: without conclusions. Raises Problem 404."""
    person = await _person(tx, member_id)
    people = await people_of(tx, [person.root])
    known = people.attributes[person.root]
    found = await tagging.decided(tx, people, local_date(tx.now))
    facts, decision = found.facts[person.root], found.decisions.get(person.root, NO_TAGS)
    lifecycle, group = (_value(decision, tag, personal) for tag in ("lifecycle", "customer_group"))
    purchases = await _purchases(tx, person, facts.spending)
    bought = facts.spending, facts.last_on
    cell = await rfm.of_member(tx, *bought, facts.today, people.bounds) if personal else None
    spend, churn = await expectations(tx, person.leaves) if personal else (None, None)
    traits, origins = await activity_rows.traits(tx, person.leaves)
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
        clv=await worth.shown(tx, person, spend),
        churn=churn,
        tags=tagging.shown(decision, found.rules) if personal else [],
        purchases=purchases,
        activity=await _activity(tx, person, facts.today),
        portrait=await _portrait(tx, person, said, likes) if personal else None,
    )


async def tags(tx: Tx, member_id: UUID, *, personal: bool = True) -> MemberTags:
    """A member's tags, as of now; none if not `personal`. Raises Problem 404."""
    person = await _person(tx, member_id)
    if not personal:
        return MemberTags(member_id=person.member_id, data=[])
    people = await people_of(tx, [person.root])
    found = await tagging.decided(tx, people, local_date(tx.now))
    decision = found.decisions.get(person.root, NO_TAGS)
    return MemberTags(member_id=person.member_id, data=tagging.shown(decision, found.rules))


async def _person(tx: Tx, member_id: UUID) -> Person:
    person = await subject_rows.person(tx, member_id)
    if person is None:
        raise Problem(404, "unknown_member", "There is no such member")
    return person


def _value(decision: Decision, tag: str, personal: bool) -> str | None:
    verdict = decision.tags.get(tag) if personal else None
    return verdict.value if verdict else None


async def _purchases(tx: Tx, person: Person, spending: Spending) -> PurchaseSummary:
    windows = await purchase_rows.windows(tx, person.leaves, tx.now, WINDOWS)
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


async def _activity(tx: Tx, person: Person, today: date) -> ActivitySummary:
    rows = await activity_rows.event_windows(tx, person.leaves, today)
    channels: Counter[str] = Counter()
    events: dict[str, Counter[str]] = {}
    for row in rows:
        if row["channel"]:
            channels[row["channel"]] += row["total"]
        sums = events.setdefault(row["event"], Counter())
        sums.update({name: row[name] for name in ("total", "last_7_days", "last_30_days")})
    return ActivitySummary(
        events=sum(row["total"] for row in rows),
        last_seen_at=max((row["last_at"] for row in rows), default=None),
        by_channel=dict(channels),
        by_event=[EventCount(event=name, **sums) for name, sums in events.items()],
        viewed=await activity_rows.viewed(tx, person.leaves, VIEWED),
    )


async def _portrait(
    tx: Tx, person: Person, said: Mapping[str, object], promotion: object
) -> Portrait:
    department, habit = said.get("favourite_department"), None
    if isinstance(department, str):
        times = await purchase_rows.times_bought(tx, person.leaves, tx.now, department)
        habit = department, times
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

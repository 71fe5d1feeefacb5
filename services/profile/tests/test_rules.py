"""Tag rules: what they say, and that they say how long it holds."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from profile_service.profiles import portrait
from profile_service.purchases.domain import DAYPARTS, Spending
from profile_service.tags.domain import Facts, Said, Verdict, decide, leader
from profile_service.tags.rules import RULES

TODAY = date(2017, 6, 15)
FAMILIES = {"demographic", "spending", "interest", "lifecycle", "social", "emotional"}
BY_NAME = {rule.name: rule for rule in RULES}


def moment(day: date | None) -> datetime | None:
    return datetime.combine(day, time(12), UTC) if day else None


def facts(
    today: date = TODAY,
    *,
    orders: int = 0,
    first: int | None = None,
    last: int | None = None,
    previous: int | None = None,
    registered: int = 400,
    events: Mapping[str, int] | None = None,
    seen: int | None = None,
    high_value_fen: float | None = None,
    born: tuple[int, int] | None = None,
    **spending: object,
) -> Facts:
    """Facts as of `today`; first, last, previous, registered, seen are days before TODAY."""
    first_on, last_on, previous_on, seen_on = (
        TODAY - timedelta(ago) if ago is not None else None for ago in (first, last, previous, seen)
    )
    return Facts(
        today=today,
        registered_on=TODAY - timedelta(registered),
        birth_year=born[0] if born else None,
        birth_month=born[1] if born else None,
        spending=Spending(orders=orders, **spending),  # type: ignore[arg-type]
        first_on=first_on,
        last_on=last_on,
        previous_on=previous_on,
        events=events or {},
        seen_on=seen_on,
        high_value_fen=high_value_fen,
    )


def value(name: str, known: Facts) -> str | bool:
    """A tag's value; True for one without, False for one not given."""
    verdict = BY_NAME[name].decide(known)
    return (verdict.value or True) if verdict.given else False


def test_names_are_unique_and_every_family_has_a_tag() -> None:
    assert len(BY_NAME) == len(RULES) >= 10
    assert {rule.family for rule in RULES} == FAMILIES


@pytest.mark.parametrize(
    ("stage", "known"),
    [
        ("prospect", facts()),
        ("new", facts(orders=1, first=0, last=0)),
        ("new", facts(orders=40, first=29, last=0)),
        ("growing", facts(orders=1, first=30, last=30)),
        ("growing", facts(orders=5, first=40, last=3)),
        ("growing", facts(orders=30, first=89, last=3)),
        ("growing", facts(orders=11, first=90, last=30)),
        ("mature", facts(orders=12, first=90, last=30)),
        ("silent", facts(orders=1, first=31, last=31)),
        ("silent", facts(orders=12, first=200, last=90)),
        ("lost", facts(orders=12, first=200, last=91)),
    ],
)
def test_lifecycle_at_its_borders(stage: str, known: Facts) -> None:
    assert value("lifecycle", known) == stage


@pytest.mark.parametrize(
    ("group", "known"),
    [
        ("new", facts(registered=29)),
        ("new", facts(registered=89)),
        ("sleeping", facts(registered=90)),
        ("new", facts(orders=1, first=29, last=29)),
        ("sleeping", facts(orders=1, first=30, last=30)),
        ("new", facts(orders=1, first=30, last=30, registered=89)),
        ("new", facts(orders=2, first=29, previous=29, last=1)),
        ("active", facts(orders=2, first=30, previous=30, last=1)),
        ("active", facts(orders=9, first=400, previous=364, last=200)),
        ("sleeping", facts(orders=9, first=400, previous=365, last=200)),
        ("sleeping", facts(orders=9, first=400, previous=365, last=0, registered=500)),
        ("high_value", facts(orders=9, first=99, previous=9, last=1, paid_fen=7, high_value_fen=7)),
        ("active", facts(orders=9, first=99, previous=9, last=1, paid_fen=6, high_value_fen=7)),
        ("high_value", facts(orders=1, first=29, last=29, paid_fen=7, high_value_fen=7)),
        ("sleeping", facts(orders=1, first=30, last=30, paid_fen=7, high_value_fen=7)),
    ],
)
def test_customer_groups_at_their_borders(group: str, known: Facts) -> None:
    assert value("customer_group", known) == group


def test_spending_tags() -> None:
    weekly = facts(orders=7, first=36, last=0, paid_fen=70_000, coupon_orders=3)
    assert value("frequent_buyer", weekly) is True
    assert value("big_basket", weekly) is True
    assert value("price_sensitive", weekly) == "high"
    assert value("recent_buyer", weekly) is True
    assert value("high_value", weekly) is False  # nobody has measured yet
    rare = facts(orders=7, first=300, last=8, paid_fen=7_000, high_value_fen=7_000.0)
    assert value("frequent_buyer", rare) is False
    assert value("big_basket", rare) is False
    assert value("price_sensitive", rare) is False
    assert value("recent_buyer", rare) is False
    assert value("high_value", rare) is True


def test_interest_tags() -> None:
    known = facts(
        orders=4,
        by_channel={"pos": 1, "miniprogram": 3},
        by_daypart={"evening": 2, "morning": 2},
        by_department={"GROCERY": 500, "MEAT": 400, "DELI": 100},
        events={"Product Viewed": 40},
    )
    assert value("preferred_channel", known) == "miniprogram"
    assert value("multi_channel", known) is True
    assert value("shopping_time", known) == "evening"
    assert value("favourite_department", known) == "GROCERY"
    assert value("window_shopper", known) is True
    assert BY_NAME["favourite_department"].decide(known).confidence == 0.5


def test_lifecycle_and_social_tags() -> None:
    assert value("sleeping", facts(orders=1, first=200, last=200)) is True
    assert value("sleeping", facts(orders=2, first=200, previous=200, last=100)) is False
    assert value("sleeping", facts(registered=89)) is False
    assert value("active", facts(seen=30, events={"Store Visited": 1})) is True
    assert value("active", facts(seen=31, events={"Store Visited": 1})) is False
    assert value("sharer", facts(events={"Product Shared": 1})) is True
    assert value("attached", facts(orders=12, first=180, last=30)) is True
    assert value("attached", facts(orders=12, first=179, last=30)) is False


def test_demographic_tags() -> None:
    assert value("age_band", facts(born=(1982, 6))) == "35-44"
    assert value("age_band", facts(born=(1930, 6))) == "65+"
    assert value("birthday_month", facts(born=(1982, 6))) is True
    assert value("birthday_month", facts(born=(1982, 7))) is False
    assert value("age_band", facts()) is False


days_ago = st.none() | st.integers(0, 500)
histories = st.builds(
    facts,
    orders=st.integers(0, 40),
    first=days_ago,
    last=days_ago,
    previous=days_ago,
    registered=st.integers(0, 500),
    seen=days_ago,
    events=st.dictionaries(st.sampled_from(["Product Viewed", "Cart Shared"]), st.integers(1, 99)),
    born=st.none() | st.tuples(st.integers(1920, 2016), st.integers(1, 12)),
    paid_fen=st.integers(0, 10**6),
    coupon_orders=st.integers(0, 9),
    by_channel=st.dictionaries(st.sampled_from(["pos", "web"]), st.integers(1, 9)),
    by_daypart=st.dictionaries(st.sampled_from(DAYPARTS), st.integers(1, 9)),
)


def on(day: date, known: Facts) -> Facts:
    """The same facts, seen on another day."""
    return structs.replace(known, today=day)


@settings(max_examples=300, deadline=None)
@given(known=histories, later=st.integers(1, 800))
def test_a_verdict_holds_until_the_day_it_says(known: Facts, later: int) -> None:
    """What makes it enough to look again at members whose day has come."""
    day = TODAY + timedelta(later)

    def said(verdict: Verdict) -> tuple[bool, str | None, float]:
        return verdict.given, verdict.value, verdict.confidence

    for rule in RULES:
        verdict = rule.decide(known)
        assert verdict.until is None or verdict.until > TODAY, rule.name
        if verdict.until is None or day < verdict.until:
            assert said(rule.decide(on(day, known))) == said(verdict), rule.name


def test_a_decision_is_reviewed_when_the_first_verdict_ends() -> None:
    known = facts(orders=1, first=3, last=3, registered=3, born=(1982, 6))
    said = [Said(rule.name, rule.decide(known), rule.ref) for rule in RULES]
    decision = decide(said, {}, datetime.now(UTC))
    assert set(decision.tags) == {
        "age_band", "birthday_month", "customer_group", "lifecycle", "recent_buyer"
    }  # fmt: skip
    assert decision.review_on == TODAY + timedelta(5)  # recent_buyer, eight days after the order


def test_leader_breaks_ties_by_name() -> None:
    assert leader({"b": 2, "a": 2}) == ("a", 0.5)
    assert leader({}) is None
    assert leader({"a": 0}) is None


def test_portrait() -> None:
    known = {"gender": "female", "age_band": "25-34", "lifecycle": "new", "city": "北京",
             "orders_in_30_days": 3, "preferred_channel": "app"}  # fmt: skip
    assert portrait.sentence("zh", known) == (
        "女，25-34岁，住在北京，新会员，近30天购物3次，多在app购物。"
    )
    assert portrait.sentence("en", known) == (
        "Woman, aged 25-34, lives in Beijing, new customer, 3 orders in the last 30 days,"
        " prefers app."
    )


def test_portrait_as_the_requirements_have_it() -> None:
    """As in the example: 28, Beijing, fresh food three times a month, organic, cash-off offers."""
    told = {"age_band": "25-34", "city": "北京", "style": "organic", "price_sensitive": "high",
            "orders_in_30_days": 5, "favourite_department": "生鲜"}  # fmt: skip

    def said(language: str, **other: object) -> str:
        words = portrait.known_words(language, told | other, ("生鲜", 3), "cash_off")
        return portrait.sentence(language, words)

    assert said("zh") == "25-34岁，住在北京，每月购买生鲜3次，偏好有机食品，喜欢满减。"
    assert said("en") == (
        "Aged 25-34, lives in Beijing, buys 生鲜 three times a month, prefers organic food,"
        " likes cash-off offers."
    )
    plain = portrait.known_words("en", told, ("生鲜", 0), "text that somebody typed")
    assert portrait.sentence("en", plain) == (
        "Aged 25-34, lives in Beijing, 5 orders in the last 30 days, buys mostly 生鲜,"
        " prefers organic food, likes coupons."
    )
    assert portrait.habit("X", 1)[1] == "buys X once a month"
    assert portrait.habit("X", 12) == ("每月购买X12次", "buys X 12 times a month")

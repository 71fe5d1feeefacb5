"""The arithmetic and the rules of coupons, whatever the figures."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from points_service.coupons.discounts import discount, reverse, shares
from points_service.coupons.domain import (
    Coupon,
    Effect,
    Head,
    Scope,
    Status,
    Template,
    Terms,
    clash,
    direct_off,
    objection,
)
from points_service.coupons.issuing import Grant, issue
from points_service.coupons.redeeming import Found, Redeeming

NOW = datetime(2017, 3, 15, 4, tzinfo=UTC)
ME, OTHER, POOL = UUID(int=1), UUID(int=2), UUID(int=3)
fen = st.integers(0, 10**9)
whole = st.lists(st.integers(1, 100), min_size=1, max_size=10).filter(lambda x: sum(x) <= 100)
groups = st.lists(st.sampled_from("abcd"), max_size=6)


def template(effect: Effect = Effect.CASH_OFF, value: int = 500, **other: object) -> Template:
    return replace(Template(UUID(int=9), "x", effect, value), **other)  # type: ignore[arg-type]


def coupon(code: str = "C", **other: object) -> Coupon:
    made = Coupon(
        code, UUID(int=7), Terms(template(), days=7), ME, NOW, NOW, NOW + timedelta(days=7)
    )
    return replace(made, **other)  # type: ignore[arg-type]


@given(groups)
def test_a_clash_is_two_of_a_group(names: list[str]) -> None:
    templates = [template(stacking_group=name) for name in names]
    pairs = [(a, b) for a, b in combinations(range(len(names)), 2) if names[a] == names[b]]
    found = clash(templates)
    assert (found is None) == (not pairs)
    assert found is None or found in pairs


@given(fen, whole)
def test_shares_add_up_and_are_fair(off: int, percents: list[int]) -> None:
    percents = [*percents, 100 - sum(percents)] if sum(percents) < 100 else percents
    parts = shares(off, [(str(n), percent) for n, percent in enumerate(percents)])
    assert sum(part for _, part in parts) == off
    assert all(abs(part - off * p / 100) < 1 for (_, part), p in zip(parts, percents, strict=True))


@given(
    st.sampled_from(Effect),
    st.integers(1, 100),
    st.tuples(fen, fen),
    st.none() | fen,
    st.none() | fen,
)
def test_what_is_taken_off_is_never_more_than_promised(
    effect: Effect, value: int, limits: tuple[int, int], amount: int | None, order: int | None
) -> None:
    threshold, cap = limits
    promise = template(effect, value, threshold_fen=threshold, max_off_fen=cap)
    off = direct_off(promise, amount, order)
    if isinstance(off, tuple):
        return
    assert off >= 0 and amount in (None, off)
    assert order is None or order >= threshold
    if effect is Effect.CASH_OFF:
        assert off <= value and (order is None or off <= order)
    if effect is Effect.PERCENT:
        assert order is not None and off <= min(order * value // 100, cap)


@given(st.sampled_from([ME, OTHER, None]), st.none() | st.sampled_from("ab"), st.integers(-9, 9))
def test_objections(holder: UUID | None, order_no: str | None, days: int) -> None:
    at = NOW + timedelta(days=days)
    mine = coupon(member_id=holder, order_no=order_no)
    wrong = objection(mine, ME, at, "a")
    usable = holder in (ME, None) and (order_no == "a" or (order_no is None and 0 <= days < 7))
    assert (wrong is None) == usable
    assert objection(None, ME, at) is not None
    closed = replace(mine, closed_at=NOW)
    assert objection(closed, ME, at, "a") == wrong  # a late till may still bring it


@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 4)), max_size=12), fen)
def test_a_budget_pays_for_a_prefix_and_journals_are_undone(
    wanted: list[tuple[int, int]], left: int
) -> None:
    left %= 2000
    terms = Terms(template(Effect.PERCENT, 20), days=7, budget_fen=2000)
    held = {f"C{n}": coupon(f"C{n}", terms=terms) for n in range(5)}
    redeeming = Redeeming(Found(held, {UUID(int=9): left}))
    for number, (off, which) in enumerate(wanted):
        code, order_no = f"C{which}", f"o{number}"
        if redeeming.objection([code], ME, NOW, order_no) is None:
            redeeming.use([(code, off)], order_no=order_no, holder=ME, at=NOW)
    assert sum(use.off_fen for use in redeeming.uses) <= left
    assert len({use.coupon.code for use in redeeming.uses}) == len(redeeming.uses)
    for use in redeeming.uses:
        booked, undone = discount(use, POOL), reverse(use.after, POOL, NOW)
        assert (booked is None) == (undone is None) == (use.off_fen == 0)
        if booked and undone:
            assert [(e.account, -e.amount) for e in booked.entries] == [
                (e.account, e.amount) for e in undone.entries
            ]
        back = use.after.rolled_back_at(NOW)
        assert back.status(NOW) is Status.CLAIMED
        assert back.reserved_fen == use.coupon.reserved_fen == 0


def test_an_order_uses_all_of_its_coupons_or_none() -> None:
    terms = Terms(template(Effect.PERCENT, 20), days=7, budget_fen=100)
    other = Terms(template(template_id=UUID(int=8), stacking_group="b"), days=7)
    held = {"A": coupon("A", terms=terms), "B": coupon("B", terms=other)}
    redeeming = Redeeming(Found(held, {UUID(int=9): 100}))
    refusal = redeeming.use([("B", 5), ("A", 101)], order_no="o", holder=ME, at=NOW)
    assert refusal and (refusal.place, refusal.code) == (1, "budget_exhausted")
    assert redeeming.uses == [] and redeeming.objection(["B"], ME, NOW) is None
    twice = redeeming.objection(["A", "A"], ME, NOW)
    assert twice and (twice.place, twice.code) == (1, "coupon_redeemed")
    both = {"A": coupon("A"), "B": coupon("B")}
    clashing = Redeeming(Found(both)).objection(["A", "B"], ME, NOW)
    assert clashing and (clashing.place, clashing.code) == (1, "coupons_exclude")


@given(
    st.lists(st.tuples(st.sampled_from([ME, OTHER]), st.integers(0, 9)), max_size=20),
    st.none() | st.integers(1, 9),
    st.none() | st.integers(1, 5),
    st.none() | st.integers(500, 5000),
)
def test_issuing_keeps_every_limit(
    wanted: list[tuple[UUID, int]], total: int | None, each: int | None, budget: int | None
) -> None:
    terms = Terms(template(), days=7, total=total, per_member=each, budget_fen=budget)
    grants = [(Grant(member, str(ref)), UUID(int=100 + ref)) for member, ref in wanted]
    codes = iter([f"C{n}" for n in range(20)])
    done = issue(Head(terms, NOW, None, 0, 0), grants, {}, {}, codes=codes, now=NOW)
    assert len(done.coupons) == len(grants)
    assert done.coupons.count(None) == len(done.refusals)
    assert total is None or len(done.new) <= total
    assert budget is None or sum(made.reserved_fen for made in done.new) <= budget
    for member in (ME, OTHER):
        had = sum(made.member_id == member for made in done.new)
        assert each is None or had <= each
    assert len({made.coupon_id for made in done.new}) == len(done.new)


def test_who_has_a_code_first_may_use_it_while_it_lasts() -> None:
    code = coupon(member_id=None, valid_from=None, valid_until=None)
    assert objection(code, OTHER, NOW) is None and code.status(NOW) is Status.ISSUED
    ended = replace(code, ended_at=NOW)
    assert objection(ended, OTHER, NOW) is not None and ended.status(NOW) is Status.EXPIRED
    assert Scope() == code.template.scope

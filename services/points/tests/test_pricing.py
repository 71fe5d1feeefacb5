"""Prices: exact to the fen, the best of all combinations, the same for everybody of a tier."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from time import perf_counter
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from points_service.coupons.domain import Effect, Scope, Template
from points_service.pricing.domain import (
    Offer,
    Price,
    TierPrice,
    Wallet,
    coupon_steps,
    in_sequence,
    listed,
    price,
    tier_step,
    unfit,
)
from points_service.pricing.rules.rule import Cart, Line, spread
from points_service.pricing.search import best

DAY = datetime(2017, 3, 15, 4, tzinfo=UTC)
SKUS = ["milk", "bread", "wine"]


def cart(*lines: tuple[str, int, int], delivery: int = 0) -> Cart:
    """(sku, quantity, fen) each; a sku is its own category, all are of one department."""
    found = tuple(Line(sku, n, fen, "FOOD", sku.upper()) for sku, n, fen in lines)
    return Cart("s1", "pos", found, delivery)


def offer(code: str, effect: Effect, value: int, **more: object) -> Offer:
    group = str(more.pop("group", code))
    ends = DAY + timedelta(days=int(str(more.pop("days", 7))))
    template = Template(UUID(int=1), code, effect, value, stacking_group=group)
    for name, each in more.items():
        object.__setattr__(template, name, each)
    return Offer(code, ends, template)


def check(of: Cart, found: Price) -> None:
    """What was taken off and what is left add up to the list price, line by line."""
    for place, line in enumerate(of.lines):
        parts = [step.off.lines[place] for step in found.steps]
        assert all(part >= 0 for part in parts) and found.pays.lines[place] >= 0
        assert line.list_fen - sum(parts) == found.pays.lines[place]
    off = sum(step.off.delivery for step in found.steps)
    assert of.delivery_fen - off == found.pays.delivery >= 0


def test_the_arithmetic_of_a_gold_cart() -> None:
    bought = cart(("milk", 3, 3333), ("bread", 1, 999), ("wine", 1, 10000), delivery=600)
    offers = [
        offer("CASH", Effect.CASH_OFF, 1000, threshold_fen=12000),
        offer("TEN", Effect.PERCENT, 10, scope=Scope(categories=frozenset({"MILK"}))),
        offer("SHIP", Effect.FREE_DELIVERY, 500),
    ]
    found = price(bought, TierPrice("gold", 85), offers, Wallet(5000, None, 100, 100, 50))
    check(bought, found)
    told = [(step.kind, step.name, step.off.lines, step.off.delivery) for step in found.steps]
    assert told == [
        ("tier_price", "gold", (499, 149, 1500), 0),
        ("percent", "TEN", (283, 0, 0), 0),
        ("cash_off", "CASH", (214, 72, 714), 0),
        ("free_delivery", "SHIP", (0, 0, 0), 500),
        ("points", "points", (1062, 354, 3539), 45),
    ]


def test_parts_add_up_and_earlier_places_win_ties() -> None:
    assert spread(10, [1, 1, 1]) == [4, 3, 3]
    assert spread(0, [0, 0]) == [0, 0]
    assert spread(5, [0, 7]) == [0, 5]


def test_a_gift_in_the_cart_is_free_and_the_rest_is_handed_out() -> None:
    bought = cart(("milk", 2, 1001), ("bread", 1, 700))
    found = price(bought, TierPrice("t"), [offer("G", Effect.GIFT, 3, gift_sku="milk")], None)
    assert (found.pays.lines, found.gifts) == ((0, 700), [("milk", 1)])
    found = price(bought, TierPrice("t"), [offer("G", Effect.GIFT, 1, gift_sku="milk")], None)
    assert (found.pays.lines, found.gifts) == ((501, 700), [])


def test_percent_stops_at_its_most_and_cash_at_what_its_goods_cost() -> None:
    bought = cart(("milk", 1, 999), ("wine", 1, 50001))
    capped = offer("P", Effect.PERCENT, 20, max_off_fen=5000)
    found = price(bought, TierPrice("t"), [capped], None)
    assert found.steps[0].off.lines == (98, 4902)
    milk = Scope(skus=frozenset({"milk"}))
    found = price(bought, TierPrice("t"), [offer("C", Effect.CASH_OFF, 5000, scope=milk)], None)
    assert found.pays.lines == (0, 50001)


def test_a_coupon_fits_or_says_why_not() -> None:
    bought = cart(("milk", 1, 1000), ("bread", 1, 1000))
    base = listed(bought).less(tier_step(bought, TierPrice("gold", 85)).off)
    milk = frozenset({"milk"})
    for scope, threshold, code in (
        (Scope(), 1700, None),
        (Scope(), 1701, "coupon_below_threshold"),
        (Scope(skus=milk), 850, None),
        (Scope(skus=milk), 851, "coupon_below_threshold"),
        (Scope(departments=frozenset({"TOYS"})), 0, "coupon_out_of_scope"),
        (Scope(stores=frozenset({"s2"})), 0, "coupon_out_of_scope"),
        (Scope(channels=frozenset({"app"})), 0, "coupon_out_of_scope"),
    ):
        one = offer("X", Effect.CASH_OFF, 1, scope=scope, threshold_fen=threshold)
        wrong = unfit(one.template, bought, base)
        assert (wrong and wrong[0]) == code


def test_points_come_in_multiples_and_pay_their_share_at_most() -> None:
    bought = cart(("milk", 1, 1999))
    for wallet, points in (
        (Wallet(10_000, None, 100, 100, 100), 1900),
        (Wallet(10_000, None, 100, 100, 50), 900),
        (Wallet(10_000, None, 1, 100, 50), 999),
        (Wallet(10_000, 350, 100, 100, 50), 300),
        (Wallet(250, None, 100, 100, 50), 200),
        (Wallet(10_000, 0, 100, 100, 50), 0),
        (Wallet(10_000, None, 1, 300, 100), 5999),  # 5,999 points are worth 1,999 fen
        (Wallet(10_000, None, 1, 100, 0), 0),
    ):
        found = price(bought, TierPrice("t"), [], wallet)
        assert found.points == points
        assert found.pays.total == 1999 - points * 100 // wallet.per_yuan


effects = st.one_of(
    st.tuples(st.just(Effect.CASH_OFF), st.integers(1, 6000)),
    st.tuples(st.just(Effect.PERCENT), st.integers(1, 100)),
    st.tuples(st.just(Effect.GIFT), st.integers(1, 3)),
    st.tuples(st.just(Effect.FREE_DELIVERY), st.sampled_from([0, 100, 900])),
)
lines = st.tuples(st.sampled_from(SKUS), st.integers(0, 5), st.integers(0, 20_000))
carts = st.builds(
    lambda parts, delivery: cart(*parts, delivery=delivery),
    st.lists(lines, min_size=1, max_size=5),
    st.sampled_from([0, 0, 600]),
)
scopes = st.sampled_from(
    [Scope(), Scope(), *(Scope(categories=frozenset({sku.upper()})) for sku in SKUS)]
)


@st.composite
def many_offers(draw: st.DrawFn, most: int = 7, groups: int = 4) -> list[Offer]:
    found = []
    for n in range(draw(st.integers(0, most))):
        effect, value = draw(effects)
        found.append(
            offer(
                f"c{n}", effect, value,
                group=f"g{draw(st.integers(1, groups))}",
                days=draw(st.integers(1, 3)),
                scope=draw(scopes),
                threshold_fen=draw(st.sampled_from([0, 0, 5000])),
                max_off_fen=draw(st.sampled_from([None, 700])),
                gift_sku="milk",
            )
        )  # fmt: skip
    return found


def every_combination(of: Cart, tier: TierPrice, offers: Sequence[Offer]) -> list[Offer]:
    """The best by looking at all of them: what `best` has to find."""
    base = listed(of).less(tier_step(of, tier).off)
    groups: dict[str, list[Offer | None]] = {}
    for each in offers:
        if not unfit(each.template, of, base):
            groups.setdefault(each.template.stacking_group, [None]).append(each)
    ranked = []
    for combination in product(*groups.values()):
        taken = [each for each in combination if each]
        steps, left = coupon_steps(of, base, taken)
        gifts = sum(n for step in steps for _, n in step.gifts)
        ends = sorted(each.ends for each in taken)
        ranked.append((left.total, -gifts, len(taken), ends, sorted(each.code for each in taken)))
    codes = min(ranked)[-1]
    return [each for each in offers if each.code in codes]


@settings(max_examples=400, deadline=None)
@given(carts, st.sampled_from([80, 85, 95, 100]), many_offers())
def test_the_best_is_the_best_of_all_combinations(
    of: Cart, percent: int, offers: list[Offer]
) -> None:
    tier = TierPrice("t", percent)
    found = best(of, tier, offers)
    assert in_sequence(found) == in_sequence(every_combination(of, tier, offers))
    assert in_sequence(best(of, tier, offers[::-1])) == in_sequence(found)


@settings(max_examples=400, deadline=None)
@given(carts, st.sampled_from([80, 95, 100]), many_offers(), st.integers(0, 30_000))
def test_every_price_adds_up_to_the_fen(
    of: Cart, percent: int, offers: list[Offer], points: int
) -> None:
    tier = TierPrice("t", percent)
    chosen = best(of, tier, offers)
    found = price(of, tier, chosen, Wallet(points, None, 100, 100, 50))
    check(of, found)
    assert found == price(of, tier, chosen[::-1], Wallet(points, None, 100, 100, 50))
    assert found.points <= points and found.points % 100 == 0


def test_twenty_coupons_take_no_time() -> None:
    bought = cart(*((SKUS[n % 3], 2, 1000 + n) for n in range(20)))
    for groups in (1, 3, 5, 20):
        for effect, value in ((Effect.PERCENT, 30), (Effect.CASH_OFF, 9000)):
            offers = [offer(f"c{n}", effect, value + n, group=f"g{n % groups}") for n in range(40)]
            started = perf_counter()
            best(bought, TierPrice("t"), offers)
            print(groups, effect, round((perf_counter() - started) * 1000, 1), "ms")
            assert perf_counter() - started < 2

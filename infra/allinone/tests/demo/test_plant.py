"""Generated shoppers do what the plant says of them: no more of them, no fewer."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from allinone.demo import campaigns, dataset, households, plant, verdicts
from allinone.demo.driver import offered
from allinone.demo.plant import WINDOW, Effect, Shop
from allinone.demo.progress import Offer
from contracts.gateway.dev import SandboxMessage

SENT_ON = date(2017, 3, 10)
NOON = datetime(2017, 3, 10, 12, tzinfo=UTC)
EFFECT = Effect("test", 12.0)
DAYS = [SENT_ON + timedelta(n) for n in range(WINDOW)]


def _anyway(shopper: int) -> bool:
    return any(plant.buys_anyway(shopper, day) for day in DAYS)


def test_shoppers_buy_at_their_base_rate() -> None:
    crowd = range(plant.FIRST, plant.FIRST + 4_000)
    share = sum(map(_anyway, crowd)) / len(crowd)
    expected = sum(map(plant.base_chance, crowd)) / len(crowd)
    assert share == pytest.approx(expected, abs=0.02)
    assert 0.28 < expected < 0.32


def test_an_effect_makes_as_many_points_as_it_says() -> None:
    crowd = range(plant.FIRST, plant.FIRST + 8_000)
    came = [number for number in crowd if plant.responds_on(number, EFFECT, SENT_ON)]
    assert 100 * len(came) / len(crowd) == pytest.approx(EFFECT.points, abs=1.0)
    assert not any(map(_anyway, came)), "who would have bought anyway is no effect"
    days = {plant.responds_on(number, EFFECT, SENT_ON) for number in came}
    assert days == set(DAYS[1 : plant.RESPONDS_WITHIN + 1])


def test_a_text_without_the_phrase_changes_nothing() -> None:
    found = {each.name: plant.effect_of(each.text) for each in campaigns.YEAR}
    assert found[campaigns.PLANTED.name] == plant.PLANTED[0]
    assert found[campaigns.PLACEBO.name] is None
    assert [effect for effect in found.values() if effect] == list(plant.PLANTED)


def test_a_campaign_with_an_effect_is_for_those_who_can_respond() -> None:
    for each in campaigns.YEAR:
        if plant.effect_of(each.text):
            assert each.inside == (campaigns.SHOPPERS,)


def _message(text: str) -> SandboxMessage:
    return SandboxMessage(
        id=1, delivery_id=uuid4(), channel="sms", to="+8613800138000", text=text, sent_at=NOON
    )


def test_shoppers_read_what_they_are_offered() -> None:
    assert offered(_message("你好，8折券，券码AB2，14天内有效")) == Offer("AB2", NOON, 0)
    assert offered(_message("你好，满200元减50元券，券码AB2")) == Offer("AB2", NOON, 20_000)
    assert offered(_message("你好")) is None


def test_visits_are_the_same_whenever_a_day_is_played() -> None:
    data = dataset.load(every=8)
    crowd = plant.numbers(8)
    shop = Shop(data.until(date(2017, 1, 31)), crowd)
    assert shop.base(SENT_ON) == Shop(data, crowd).base(SENT_ON) != []
    (visit,) = shop.responses(SENT_ON, [(crowd[0], SENT_ON - timedelta(1))])
    assert visit.paid_fen == sum(line.amount.amount for line in visit.lines) > 0
    assert visit.at.date() == SENT_ON


def test_shoppers_are_nobody_of_the_data_set() -> None:
    real = dataset.load().household_ids()
    everybody = households.people([*real, *plant.numbers()])
    assert len(everybody) == len(real) + plant.SHOPPERS
    assert everybody[real[-1]] == households.people(real)[real[-1]]
    assert len({person.phone for person in everybody.values()}) == len(everybody)
    assert not any(map(plant.is_shopper, real)) and all(map(plant.is_shopper, plant.numbers()))


def _report(name: str, low: float, high: float, *, causal: bool = True) -> verdicts.Figures:
    rate = {"estimate": (low + high) / 2, "low": low, "high": high}
    told = {"causal": causal, "treated_members": 200, "return_rate": rate}
    return {"name": name, "sent": 100, "incremental": told}


def test_verdicts_compare_the_interval_with_the_truth() -> None:
    planted, placebo = campaigns.PLANTED.name, campaigns.PLACEBO.name
    inside = verdicts.judged(_report(planted, 0.01, 0.07))  # half of those meant got it
    assert (inside["planted"], inside["expected"], inside["holds"]) == (12.0, 6.0, True)
    outside = verdicts.judged(_report(planted, 0.07, 0.09))
    assert outside["holds"] is False and "OUTSIDE" in outside["en"]
    assert verdicts.judged(_report(placebo, -0.01, 0.01))["holds"] is True
    assert verdicts.judged(_report(placebo, 0.01, 0.02))["holds"] is False
    assert verdicts.judged(_report(planted, 0.07, 0.09, causal=False))["holds"] is None
    found = [
        {"name": name, "verdict": verdicts.judged(_report(name, low, 0.09))}
        for name, low in ((planted, 0.07), (placebo, -0.01), (placebo, 0.01))
    ]
    assert verdicts.missed(found) == [planted]
    assert verdicts.placebos(found) == {"measured": 2, "hold_zero": 1}

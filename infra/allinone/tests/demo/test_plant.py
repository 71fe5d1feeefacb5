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
    assert verdicts.points(campaigns.PLANTED.name) == {"a": 0.0, "b": plant.PLANTED[0].points}
    assert verdicts.points(campaigns.PLACEBO.name) == {campaigns.NO_ARM: 0.0}
    texts = [text for each in campaigns.YEAR for text in each.texts.values()]
    assert [effect for text in texts if (effect := plant.effect_of(text))] == list(plant.PLANTED)


def test_a_campaign_with_an_effect_is_for_those_who_can_respond() -> None:
    for each in campaigns.YEAR:
        if any(map(plant.effect_of, each.texts.values())):
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


def _rate(low: float, high: float) -> dict[str, float]:
    return {"estimate": (low + high) / 2, "low": low, "high": high}


def _judged(
    listed: campaigns.Listed, low: float, high: float, *, causal: bool = True
) -> verdicts.Figures:
    """A report of 200 treated members; half of each text's left."""
    told = {"causal": causal, "treated_members": 200, "return_rate": _rate(low, high)}
    sent = {arm: 100 // len(listed.texts) for arm in listed.texts}
    return verdicts.judged({"name": listed.name, "incremental": told}, sent)


def test_verdicts_compare_the_interval_with_the_truth() -> None:
    planted, placebo = campaigns.DWELL, campaigns.PLACEBO
    inside = _judged(planted, 0.01, 0.15)
    assert (inside["planted"], inside["expected"], inside["holds"]) == (25.0, 12.5, True)
    outside = _judged(planted, 0.13, 0.2)
    assert outside["holds"] is False and "OUTSIDE" in outside["en"]
    assert _judged(placebo, -0.01, 0.01)["holds"] is True
    assert _judged(placebo, 0.01, 0.02)["holds"] is False
    assert _judged(planted, 0.13, 0.2, causal=False)["holds"] is None
    found = [
        {"name": each.name, "verdict": _judged(each, low, 0.2)}
        for each, low in ((planted, 0.13), (placebo, -0.01), (placebo, 0.01))
    ]
    assert verdicts.missed(found, []) == [planted.name]
    assert verdicts.placebos(found) == {"measured": 2, "hold_zero": 1}


def test_arms_are_compared_with_the_first() -> None:
    listed = campaigns.PLANTED
    assert _judged(listed, 0.0, 0.1)["expected"] == pytest.approx(20 * 50 / 200)
    arms = [
        {"name": "a", "members": 100, "return_rate": None},
        {"name": "b", "members": 100, "return_rate": _rate(0.1, 0.2)},
    ]
    report = {"name": listed.name, "causal": True, "arms": arms}
    found = verdicts.tried(report, {"a": 100, "b": 80})
    assert list(found) == ["b"]
    assert (found["b"]["expected"], found["b"]["holds"]) == (16.0, True)
    (missed,) = [{"name": listed.name, "verdicts": verdicts.tried(report, {"a": 9, "b": 9})}]
    assert verdicts.missed([], [missed]) == [f"{listed.name}/b"]

"""What happens on which day, as pure functions of the data set and fixed hashes.

A household registers once per channel, on the day of its first basket there, so it starts out as
two or three members. Days later an identify event names two of its identifiers together, and the
platform finds out that they are one person. Nothing depends on `hash()`, on order of arrival or on
the wall clock: two runs, killed or not, play the same year.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from hashlib import blake2b
from itertools import pairwise

from allinone.demo.dataset import LAST_DAY, Basket, Dataset
from contracts.classification import Kind


class Channel(StrEnum):
    """Where a basket was bought."""

    POS = "pos"
    MINIPROGRAM = "miniprogram"
    ECOMMERCE = "ecommerce"


IDENTIFIER = {
    Channel.POS: Kind.CARD_NO,
    Channel.MINIPROGRAM: Kind.MINIPROGRAM_OPENID,
    Channel.ECOMMERCE: Kind.PHONE,
}
SHARES = ((60, Channel.POS), (85, Channel.MINIPROGRAM), (100, Channel.ECOMMERCE))

REDEEM_FROM = 200  # points a member wants to have before thinking of spending them
REDEEM_AT_MOST = 500
VIEWS_A_BASKET = 4
YES = {"membership": 10_000, "personalised_recommendation": 9_000, "marketing": 8_000}
REFERRED_AFTER = 30  # days after the first one from which newcomers may have been brought
REFERRERS_DRAWN = 12  # of whom the one who buys most often is the likely one


@dataclass(frozen=True, slots=True)
class Registration:
    """A household turns up in a channel for the first time."""

    household_id: int
    channel: Channel


@dataclass(frozen=True, slots=True)
class Link:
    """An identify event names two identifiers of one household."""

    household_id: int
    known: Kind
    other: Kind
    at: datetime


@dataclass(frozen=True, slots=True)
class Brought:
    """A household came by the code of another one. `channel`, `by_channel`: where each began."""

    household_id: int
    channel: Channel
    by: int
    by_channel: Channel


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Something a member did besides buying; `sku` for views, `store_id` for visits."""

    message_id: str
    household_id: int
    channel: Channel
    event: str
    at: datetime
    sku: str | None = None
    store_id: int | None = None


@dataclass(frozen=True)
class Day:
    """All that happens on one programme-zone day, each list in order of time."""

    day: date
    registrations: list[Registration]
    brought: list[Brought]
    links: list[Link]
    behaviours: list[Behaviour]
    baskets: list[tuple[Basket, Channel]]


def draw(*parts: object) -> int:
    """A fixed hash of the parts, 0–9,999."""
    text = "/".join(map(str, parts)).encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big") % 10_000


def channel_of(basket_id: int) -> Channel:
    """60 % at the till, 25 % in the mini-program, 15 % on the web."""
    percentile = draw("channel", basket_id) // 100
    return next(channel for below, channel in SHARES if percentile < below)


def points_to_redeem(order_no: str, redeemable: int) -> int:
    """How many points the buyer pays down after this order: 0, or a multiple of 100."""
    if redeemable < REDEEM_FROM or draw("redeem", order_no) >= 200:
        return 0
    return min(redeemable // 100 * 100, REDEEM_AT_MOST)


def likes_coupon(household_id: int, sent_on: date) -> bool:
    """Whether a household would use the coupon it was sent that day (60 % would)."""
    return draw("coupon", household_id, sent_on) < 6_000


def agrees(household_id: int, purpose: str) -> bool:
    """Whether a household says yes when asked for a consent; everybody wants to be a member."""
    return draw("agrees", purpose, household_id) < YES[purpose]


def opts_out(household_id: int, sent_on: date) -> bool:
    """Whether a household replies to a message that it wants no more of them (1 in 20 does)."""
    return draw("opts out", household_id, sent_on) < 500


class Plan:
    """The year by day. Built once from the data set; `day` is cheap and repeatable."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._channel = {b: channel_of(b) for b in dataset.baskets["basket_id"].to_list()}
        self._registrations: dict[date, list[Registration]] = defaultdict(list)
        self._links: dict[date, list[Link]] = defaultdict(list)
        self._whole_since: dict[int, date] = {}
        first_days = self._first_days()
        self._brought = _brought(
            first_days, dict(dataset.baskets["household_id"].value_counts().rows())
        )
        for household, first in first_days.items():
            for channel, day in first.items():
                self._registrations[day].append(Registration(household, channel))
            for link in _links(household, first):
                day = link.at.date()
                self._links[day].append(link)
                self._whole_since[household] = max(day, self._whole_since.get(household, day))

    def day(self, day: date) -> Day:
        """Everything of one day."""
        baskets = [(basket, self._channel[basket.basket_id]) for basket in self._dataset.day(day)]
        return Day(
            day,
            self._registrations[day],
            self._brought[day],
            sorted(self._links[day], key=lambda link: (link.at, link.household_id, link.other)),
            [
                behaviour
                for basket, channel in baskets
                for behaviour in _behaviours(basket, channel)
            ],
            baskets,
        )

    def uses_coupon(self, household_id: int, sent_on: date) -> bool:
        """Whether it will use a coupon sent that day in its next basket.

        A household that is still several members would show it under the wrong one of them.
        """
        return self._whole_since[household_id] < sent_on and likes_coupon(household_id, sent_on)

    def _first_days(self) -> dict[int, dict[Channel, date]]:
        first: dict[int, dict[Channel, date]] = defaultdict(dict)
        columns = self._dataset.baskets.select("basket_id", "household_id", "day")
        for basket_id, household, day in columns.iter_rows():
            first[household].setdefault(self._channel[basket_id], day)
        return first


def _brought(
    first_days: Mapping[int, Mapping[Channel, date]], baskets: Mapping[int, int]
) -> dict[date, list[Brought]]:
    """A third of late newcomers were brought by somebody who was there a month before."""
    found: dict[date, list[Brought]] = defaultdict(list)
    begun = sorted((min(first.values()), number) for number, first in first_days.items())
    for day, household in begun:
        there = bisect_left(begun, (day - timedelta(REFERRED_AFTER), 0))
        if not there or draw("brought", household) >= 3_333:
            continue
        drawn = [begun[draw("referrer", household, n) % there][1] for n in range(REFERRERS_DRAWN)]
        by = max(drawn, key=lambda number: (baskets[number], number))
        channels = (next(iter(first_days[each])) for each in (household, by))
        found[day].append(Brought(household, next(channels), by, next(channels)))
    return found


def _links(household: int, first: dict[Channel, date]) -> Iterator[Link]:
    """Each channel used is linked to the one before it, each unused one's identifier is added."""
    used = list(first)
    for before, channel in pairwise(used):
        yield _link(household, IDENTIFIER[before], IDENTIFIER[channel], first[channel], within=7)
    for channel in Channel:
        if channel not in first:
            yield _link(
                household, IDENTIFIER[used[0]], IDENTIFIER[channel], first[used[0]], within=21
            )


def _link(household: int, known: Kind, other: Kind, since: date, within: int) -> Link:
    chance = draw("link", household, other)
    day = min(since + timedelta(1 + chance % within), LAST_DAY)
    at = datetime.combine(day, time(8)) + timedelta(minutes=chance % 720)
    return Link(household, known, other, at)


def _behaviours(basket: Basket, channel: Channel) -> Iterator[Behaviour]:
    """What went before a basket: products looked at online, a member code scanned in the store."""
    if channel is Channel.POS:
        if draw("visit", basket.basket_id) < 2_000:
            yield Behaviour(
                f"visit-{basket.basket_id}",
                basket.household_id,
                channel,
                "Store Visited",
                basket.at - timedelta(minutes=20),
                store_id=basket.store_id,
            )
        return
    for n, line in enumerate(basket.lines[:VIEWS_A_BASKET]):
        yield Behaviour(
            f"view-{basket.basket_id}-{n}",
            basket.household_id,
            channel,
            "Product Viewed",
            basket.at - timedelta(seconds=40 * (VIEWS_A_BASKET - n)),
            sku=line.sku,
        )

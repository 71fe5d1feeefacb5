"""Coupons that campaigns promise: a template for a campaign and its promise. Pure."""

import hashlib
from dataclasses import replace
from uuid import UUID

import msgspec

from contracts.events import CouponOffered, CouponPromise
from points_service.coupons.domain import Effect, Scope, Template


def template_of(event: CouponOffered) -> Template:
    """The template of an offered coupon."""
    if event.reservation_id is not None:
        return reserved_template(event.reservation_id, promise_of(event))
    return campaign_template(event.campaign_id, promise_of(event))


def reserved_template(reservation_id: UUID, promise: CouponPromise) -> Template:
    """The template of a budget, which has its id."""
    return replace(campaign_template(reservation_id, promise), template_id=reservation_id)


def promise_of(event: CouponOffered) -> CouponPromise:
    """What an event promises; those that say a percentage only are from before there was more."""
    off = event.percent_off
    return event.promise or CouponPromise("percent", off, zh=f"减 {off}%", en=f"{off} % off")


def campaign_template(campaign_id: UUID, promise: CouponPromise) -> Template:
    """The template of the coupons with which a campaign promises this, whenever it does."""
    return Template(
        _id(campaign_id, promise),
        promise.en,
        Effect(promise.effect),
        promise.value,
        threshold_fen=promise.threshold_fen,
        max_off_fen=promise.max_off_fen,
        gift_sku=promise.gift_sku,
        scope=Scope(
            stores=frozenset(promise.stores),
            channels=frozenset(promise.channels),
            departments=frozenset(promise.departments),
            categories=frozenset(promise.categories),
            skus=frozenset(promise.skus),
        ),
        name_zh=promise.zh,
    )


def _id(campaign_id: UUID, promise: CouponPromise) -> UUID:
    """A percentage of everything keeps the id it always had (cf. 0006)."""
    plain = CouponPromise(promise.effect, promise.value, zh=promise.zh, en=promise.en)
    what = str(promise.value)
    if promise.effect != "percent" or promise != plain:
        what = msgspec.json.encode(promise, order="sorted").decode()
    digest = hashlib.md5(f"{campaign_id}/{what}".encode(), usedforsecurity=False)
    return UUID(digest.hexdigest())

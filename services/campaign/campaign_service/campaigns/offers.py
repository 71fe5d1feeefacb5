"""What an offer is called, what coupon it promises, and what a template can say of it. Pure."""

from typing import Any, TypeGuard

from contracts.campaign.offers import (
    CashOffer,
    CouponOffer,
    DeliveryOffer,
    GiftOffer,
    NoOffer,
    PercentOffer,
    PointsOffer,
)
from contracts.events import CouponPromise
from contracts.points.common import Cny

AnyOffer = NoOffer | CouponOffer | PointsOffer


def is_coupon(offer: AnyOffer) -> TypeGuard[CouponOffer]:
    """Whether a code goes with it."""
    return not isinstance(offer, NoOffer | PointsOffer)


def said(offer: AnyOffer, language: str) -> str:
    """The offer in words: `8折`, `满200元减50元`, `¥50 off from ¥200`; empty for none."""
    zh = language == "zh"
    match offer:
        case PercentOffer(percent_off=off):
            return f"{(100 - off) / 10:g}折" if zh else f"{off}% off"
        case CashOffer(off=money):
            words = f"减{_yuan(money, 'zh')}" if zh else f"{_yuan(money, 'en')} off"
        case GiftOffer():
            words = "赠礼" if zh else "a gift"
        case DeliveryOffer():
            words = "免运费" if zh else "free delivery"
        case PointsOffer(points=points):
            return f"{points}积分" if zh else f"{points} points"
        case _:
            return ""
    if offer.threshold is None:
        return words
    least = _yuan(offer.threshold, language)
    return f"满{least}{words}" if zh else f"{words} from {least}"


def values(offer: AnyOffer, language: str) -> dict[str, Any]:
    """What templates know of it; the code comes with the message."""
    if isinstance(offer, NoOffer):
        return {}
    words = said(offer, language)
    if isinstance(offer, PointsOffer):
        return {"offer": words, "points": offer.points}
    return {"offer": words, "discount": words, "days": offer.valid_days}


def promise(offer: CouponOffer) -> CouponPromise:
    """The coupon as points keeps it."""
    name: dict[str, Any] = {"zh": said(offer, "zh"), "en": said(offer, "en")}
    match offer:
        case GiftOffer():
            return CouponPromise(
                "gift",
                offer.quantity,
                **name,
                threshold_fen=_fen(offer.threshold),
                gift_sku=offer.sku,
            )
        case DeliveryOffer():
            return CouponPromise(
                "free_delivery", offer.most.amount, **name, threshold_fen=_fen(offer.threshold)
            )
    scope: dict[str, Any] = offer.scope.model_dump()
    if isinstance(offer, CashOffer):
        return CouponPromise(
            "cash_off", offer.off.amount, **name, threshold_fen=_fen(offer.threshold), **scope
        )
    most = offer.max_off.amount if offer.max_off else None
    return CouponPromise("percent", offer.percent_off, **name, max_off_fen=most, **scope)


def _yuan(money: Cny, language: str) -> str:
    yuan = f"{money.amount / 100:.2f}".removesuffix(".00")
    return f"{yuan}元" if language == "zh" else f"¥{yuan}"


def _fen(money: Cny | None) -> int:
    return money.amount if money else 0

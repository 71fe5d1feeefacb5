"""What each effect of a coupon takes off. A new one: a file like its neighbours and a line here.

The sequence is that of the arithmetic: coupons of one effect before those of the next.
"""

from points_service.coupons.domain import Effect
from points_service.pricing.rules import cash_off, free_delivery, gift, percent
from points_service.pricing.rules.rule import Rule

RULES: dict[Effect, Rule] = {
    Effect.PERCENT: percent.take,
    Effect.CASH_OFF: cash_off.take,
    Effect.GIFT: gift.take,
    Effect.FREE_DELIVERY: free_delivery.take,
}

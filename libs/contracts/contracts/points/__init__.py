"""Points: the API models and operations of the ledger, growth, tiers, orders and coupons.

Points and growth are whole numbers, money is fen. Orders are bulk and hot, so they are msgspec
(`contracts.orders`); everything else is pydantic. One module an area; OPERATIONS has them all.
"""

from contracts.operations import Operation
from contracts.points import (
    benefits,
    coupons,
    earning,
    ledger,
    orders,
    pricing,
    programmes,
    rewards,
    spending,
    tiers,
)

OPERATIONS: list[Operation] = [
    *orders.OPERATIONS,
    *spending.OPERATIONS,
    *rewards.OPERATIONS,
    *earning.OPERATIONS,
    *tiers.OPERATIONS,
    *benefits.OPERATIONS,
    *coupons.OPERATIONS,
    *pricing.OPERATIONS,
    *programmes.OPERATIONS,
    *ledger.OPERATIONS,
]

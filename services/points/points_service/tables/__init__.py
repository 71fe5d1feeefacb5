"""The whole schema, a page a feature. `journal`, `entry` and `account` are written by `post` alone.

Migrations hold the SQL with its checks, triggers and rights; a test keeps both in step.
"""

from points_service.tables.base import Table
from points_service.tables.coupons import Coupon, CouponPool, CouponTemplate, CouponTerms
from points_service.tables.earning import GrowthEntry, Product, Store
from points_service.tables.ledger import Account, Checkpoint, Entry, Journal, Lane
from points_service.tables.orders import Order, Quote, Refund
from points_service.tables.programmes import (
    Exchange,
    ExchangeMonth,
    Package,
    PackagePurchase,
    PackageVoucher,
    Partner,
    RulebookVersion,
    Settlement,
    SettlementLine,
)
from points_service.tables.spending import (
    Announcement,
    Depreciation,
    ExpiryPolicy,
    Hold,
    Lot,
    LotUse,
    Redemption,
    Reward,
    RewardExchange,
    Transfer,
)
from points_service.tables.stored_value import (
    BonusRule,
    MembershipPlan,
    PaidMembership,
    PaidMembershipUse,
    StoredLine,
    StoredSpend,
    StoredTopUp,
    StoredUse,
    StoredValue,
)
from points_service.tables.tiers import Member, TierChange, TierLadder

__all__ = [
    "Account",
    "Announcement",
    "BonusRule",
    "Checkpoint",
    "Coupon",
    "CouponPool",
    "CouponTemplate",
    "CouponTerms",
    "Depreciation",
    "Entry",
    "Exchange",
    "ExchangeMonth",
    "ExpiryPolicy",
    "GrowthEntry",
    "Hold",
    "Journal",
    "Lane",
    "Lot",
    "LotUse",
    "Member",
    "MembershipPlan",
    "Order",
    "Package",
    "PackagePurchase",
    "PackageVoucher",
    "PaidMembership",
    "PaidMembershipUse",
    "Partner",
    "Product",
    "Quote",
    "Redemption",
    "Refund",
    "Reward",
    "RewardExchange",
    "RulebookVersion",
    "Settlement",
    "SettlementLine",
    "Store",
    "StoredLine",
    "StoredSpend",
    "StoredTopUp",
    "StoredUse",
    "StoredValue",
    "Table",
    "TierChange",
    "TierLadder",
    "Transfer",
]

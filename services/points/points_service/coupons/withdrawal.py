"""Taking back coupons that were issued for something undone since."""

from collections.abc import Collection

from chassis.database import Tx
from points_service.coupons.domain import Coupon


async def withdraw(tx: Tx, unused: Collection[Coupon]) -> None:
    """They were never good for anything, and budgets need not keep their promise.

    The coupons are locked before.
    """
    await tx.execute(
        "WITH old AS (SELECT code, template_id, reserved_fen FROM coupon"
        " WHERE code = ANY ($1::text[])),"
        " closed AS (UPDATE coupon c SET valid_until = c.valid_from, closed_at = $2,"
        " reserved_fen = 0 FROM old WHERE c.code = old.code)"
        " UPDATE coupon_template t SET committed_fen = t.committed_fen - o.fen FROM"
        " (SELECT template_id, sum(reserved_fen)::bigint AS fen FROM old GROUP BY template_id) o"
        " WHERE t.template_id = o.template_id AND o.fen > 0",
        [coupon.code for coupon in unused], tx.now,
    )  # fmt: skip

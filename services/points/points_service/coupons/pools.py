"""Pools of codes: ordered at once, made in the background, each chunk a transaction.

A crash loses at most a chunk that was not committed; the next round goes on after the last one, so
a pool ends with exactly as many codes as were ordered.
"""

from datetime import datetime
from uuid import UUID

from chassis.database import Database, Tx, columns_of
from points_service.coupons import codes as coding
from points_service.coupons import templates
from points_service.coupons.domain import Pool
from points_service.tables import CouponPool

CHUNK = 5_000  # codes a transaction: other work of the process waits some 50 ms at most
_COLUMNS = columns_of(CouponPool)
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM coupon_pool"
_CODE = (
    "code", "coupon_id", "template_id", "version", "pool_id", "issued_at", "valid_from",
    "valid_until", "reserved_fen",
)  # fmt: skip


async def make_codes(db: Database, now: datetime) -> None:
    """Make what is missing in unfinished pools, the oldest first."""
    while True:
        async with db.transaction() as tx:
            if not await make_some(tx):
                return


async def make_some(tx: Tx) -> bool:
    """The next chunk; False where nothing is missing (or another process makes it)."""
    row = await tx.fetchrow(
        f"{_SELECT} WHERE finished_at IS NULL ORDER BY pool_id LIMIT 1 FOR UPDATE SKIP LOCKED"
    )
    if row is None:
        return False
    pool = Pool(**row)
    head = await templates.head(tx, pool.template_id, version=pool.version)
    assert head is not None, "a pool has a template"
    terms, count = head.terms, min(CHUNK, pool.size - pool.made)
    await tx.copy(
        "coupon",
        _CODE,
        [
            (
                code, pool.coupon_id(pool.made + number), pool.template_id, pool.version,
                pool.pool_id, pool.created_at, terms.valid_from, terms.valid_until,
                terms.reserve_fen,
            )
            for number, code in enumerate(coding.make(count, pool.prefix), start=1)
        ],
    )  # fmt: skip
    await tx.execute(
        "UPDATE coupon_pool SET made = made + $2,"
        " finished_at = CASE WHEN made + $2 = size THEN $3::timestamptz END WHERE pool_id = $1",
        pool.pool_id, count, tx.now,
    )  # fmt: skip
    return True


async def add(tx: Tx, pool: Pool) -> None:
    """Order one."""
    await tx.copy("coupon_pool", _COLUMNS, [tuple(getattr(pool, name) for name in _COLUMNS)])


async def find(tx: Tx, pool_id: UUID) -> Pool | None:
    """One by its id."""
    row = await tx.fetchrow(f"{_SELECT} WHERE pool_id = $1", pool_id)
    return Pool(**row) if row else None


async def unfinished(tx: Tx, template_id: UUID) -> bool:
    """Whether codes of a template are still missing."""
    found: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM coupon_pool WHERE template_id = $1 AND finished_at IS NULL)",
        template_id,
    )
    return found


async def codes(tx: Tx, pool: Pool, after: int, limit: int) -> list[str]:
    """Codes after the n-th."""
    rows = await tx.fetch(
        "SELECT code FROM coupon WHERE coupon_id > $1 AND coupon_id <= $2 ORDER BY coupon_id",
        pool.coupon_id(after), pool.coupon_id(after + limit),
    )  # fmt: skip
    return [row["code"] for row in rows]

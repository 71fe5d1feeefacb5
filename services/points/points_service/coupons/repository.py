"""Coupons by code. Members are locked before coupons, coupons before templates."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Tx, columns_of
from points_service.coupons.domain import Coupon, Funnel, Use
from points_service.coupons.redeeming import Found
from points_service.coupons.templates import TermsCache
from points_service.tables import Coupon as CouponTable

_COLUMNS = columns_of(CouponTable)
_OWN = tuple(name for name in _COLUMNS if name not in ("template_id", "version"))
_CLAIMED = ("code", "member_id", "claimed_at", "valid_from", "valid_until")
_USED = (*_CLAIMED, "order_no", "redeemed_at", "off_fen", "uses", "reserved_fen")
_BACK = ("code", "rolled_back", "reserved_fen", "closed_at")
_SELECT = (
    f"SELECT {', '.join(f'c.{name}' for name in _COLUMNS)}, t.definition, h.ended_at"
    " FROM coupon c JOIN coupon_terms t USING (template_id, version)"
    " JOIN coupon_template h USING (template_id)"
)


async def add(tx: Tx, coupons: Sequence[Coupon]) -> None:
    """Store new ones; raises UniqueViolationError for a code or an id that exists."""
    await tx.copy("coupon", _COLUMNS, [_row(coupon) for coupon in coupons])


async def known(tx: Tx, codes: Collection[str]) -> set[str]:
    """Those of these codes that exist."""
    rows = await tx.fetch("SELECT code FROM coupon WHERE code = ANY ($1::text[])", list(codes))
    return {row["code"] for row in rows}


async def lock(tx: Tx, codes: Iterable[str]) -> dict[str, Coupon]:
    """Those that exist, locked; the members are locked before."""
    rows = await tx.fetch(
        f"{_SELECT} WHERE c.code = ANY ($1::text[]) ORDER BY c.code FOR UPDATE OF c", list(codes)
    )
    return {coupon.code: coupon for coupon in _read(rows)}


async def find(tx: Tx, codes: Collection[str], holders: Collection[UUID]) -> Found:
    """The same, with what limits their use by these (locked) members."""
    coupons = await lock(tx, codes)
    return Found(
        coupons, await _budgets(tx, coupons.values()), await _held(tx, coupons.values(), holders)
    )


async def _budgets(tx: Tx, coupons: Collection[Coupon]) -> dict[UUID, int]:
    """Fen left, by template, where a coupon has not reserved all it can take; locked."""
    open_ended = {coupon.template.template_id for coupon in coupons if coupon.may_take_more}
    if not open_ended:
        return {}
    rows = await tx.fetch(
        "SELECT template_id, budget_fen - committed_fen AS fen FROM coupon_template"
        " WHERE template_id = ANY ($1::uuid[]) ORDER BY template_id FOR UPDATE",
        list(open_ended),
    )
    return {row["template_id"]: row["fen"] for row in rows}


async def _held(
    tx: Tx, coupons: Collection[Coupon], holders: Collection[UUID]
) -> dict[tuple[UUID, UUID], int]:
    """How many of a limited template each member has had, where codes are nobody's yet."""
    limited = {
        coupon.template.template_id
        for coupon in coupons
        if coupon.member_id is None and coupon.terms.per_member is not None
    }
    return await held(tx, limited, holders) if limited else {}


async def held(
    tx: Tx, template_ids: Collection[UUID], holders: Collection[UUID]
) -> dict[tuple[UUID, UUID], int]:
    """Coupons that members have had of templates, by (member, template)."""
    rows = await tx.fetch(
        "SELECT member_id, template_id, count(*) AS coupons FROM coupon"
        " WHERE member_id = ANY ($1::uuid[]) AND template_id = ANY ($2::uuid[])"
        " GROUP BY member_id, template_id",
        list(holders), list(template_ids),
    )  # fmt: skip
    return {(row["member_id"], row["template_id"]): row["coupons"] for row in rows}


async def claim(tx: Tx, claimed: Sequence[Coupon]) -> None:
    """Write whose codes are now, and their dates."""
    if claimed:
        await tx.execute(
            "UPDATE coupon c SET member_id = u.member_id, claimed_at = u.claimed_at,"
            " valid_from = u.valid_from, valid_until = u.valid_until"
            " FROM unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::timestamptz[],"
            " $5::timestamptz[]) AS u (code, member_id, claimed_at, valid_from, valid_until)"
            " WHERE c.code = u.code",
            *([getattr(coupon, name) for coupon in claimed] for name in _CLAIMED),
        )


async def redeem(tx: Tx, uses: Sequence[Use]) -> None:
    """Note which orders used them; a code of a pool becomes its user's."""
    if not uses:
        return
    after = [use.after for use in uses]
    await tx.execute(
        "UPDATE coupon c SET member_id = u.member_id, claimed_at = u.claimed_at,"
        " valid_from = u.valid_from, valid_until = u.valid_until, order_no = u.order_no,"
        " redeemed_at = u.redeemed_at, off_fen = u.off_fen, uses = u.uses,"
        " reserved_fen = u.reserved_fen"
        " FROM unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::timestamptz[],"
        " $5::timestamptz[], $6::text[], $7::timestamptz[], $8::bigint[], $9::int[],"
        " $10::bigint[]) AS u (code, member_id, claimed_at, valid_from, valid_until, order_no,"
        " redeemed_at, off_fen, uses, reserved_fen) WHERE c.code = u.code",
        *([getattr(coupon, name) for coupon in after] for name in _USED),
    )
    await reserve(tx, _sums((use.coupon.template.template_id, use.extra_fen) for use in uses))


async def roll_back(tx: Tx, used: Sequence[Coupon]) -> None:
    """They are unused again."""
    if not used:
        return
    after = [coupon.rolled_back_at(tx.now) for coupon in used]
    await tx.execute(
        "UPDATE coupon c SET order_no = NULL, redeemed_at = NULL, off_fen = 0,"
        " rolled_back = u.rolled_back, reserved_fen = u.reserved_fen, closed_at = u.closed_at"
        " FROM unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[])"
        " AS u (code, rolled_back, reserved_fen, closed_at) WHERE c.code = u.code",
        *([getattr(coupon, name) for coupon in after] for name in _BACK),
    )
    freed = (
        (was.template.template_id, now.reserved_fen - was.reserved_fen)
        for was, now in zip(used, after, strict=True)
    )
    await reserve(tx, _sums(freed))


async def close(
    tx: Tx, midnight: datetime, ended: Collection[UUID], limit: int
) -> tuple[dict[UUID, int], int]:
    """Close coupons that are due, unused or of templates that `ended` before they were claimed.

    Answers fen they had reserved, by template, and how many coupons they are.
    """
    rows = await tx.fetch(
        "WITH due AS (SELECT code, reserved_fen FROM coupon"
        " WHERE order_no IS NULL AND closed_at IS NULL AND (valid_until <= $1"
        " OR member_id IS NULL AND template_id = ANY ($2::uuid[])) LIMIT $3"
        " FOR UPDATE SKIP LOCKED)"
        " UPDATE coupon c SET closed_at = $1, reserved_fen = 0 FROM due WHERE c.code = due.code"
        " RETURNING c.template_id, due.reserved_fen AS fen",
        midnight, list(ended), limit,
    )  # fmt: skip
    return _sums((row["template_id"], row["fen"]) for row in rows), len(rows)


async def funnels(tx: Tx, template_id: UUID | None = None) -> dict[UUID, Funnel]:
    """What became of coupons, of one template or of each that has any."""
    rows = await tx.fetch(
        "SELECT template_id, count(*) AS issued, count(member_id) AS claimed,"
        " count(order_no) AS redeemed, sum(uses) - count(order_no) AS rolled_back,"
        " count(*) FILTER (WHERE order_no IS NULL AND (closed_at IS NOT NULL"
        " OR valid_until <= $2)) AS expired, sum(off_fen)::bigint"
        " FROM coupon WHERE $1::uuid IS NULL OR template_id = $1 GROUP BY template_id",
        template_id, tx.now,
    )  # fmt: skip
    return {
        row["template_id"]: Funnel(*(value for name, value in row.items() if name != "template_id"))
        for row in rows
    }


async def reserve(tx: Tx, fen: Mapping[UUID, int]) -> None:
    """Budgets promise so much more (or, below 0, less), by template."""
    moved = sorted((template_id, each) for template_id, each in fen.items() if each)
    if len(moved) > 1:  # an update of several takes its locks in no order of its own
        await tx.execute(
            "SELECT FROM coupon_template WHERE template_id = ANY ($1::uuid[])"
            " ORDER BY template_id FOR UPDATE",
            [template_id for template_id, _ in moved],
        )
    if moved:
        await tx.execute(
            "UPDATE coupon_template t SET committed_fen = t.committed_fen + m.fen"
            " FROM unnest($1::uuid[], $2::bigint[]) AS m (template_id, fen)"
            " WHERE t.template_id = m.template_id",
            *zip(*moved, strict=True),
        )


async def by_id(tx: Tx, coupon_ids: Collection[UUID]) -> dict[UUID, Coupon]:
    """Those that exist, by their own ids."""
    rows = await tx.fetch(f"{_SELECT} WHERE c.coupon_id = ANY ($1::uuid[])", list(coupon_ids))
    return {coupon.coupon_id: coupon for coupon in _read(rows)}


async def look(tx: Tx, codes: Collection[str]) -> Coupon | None:
    """The one that any of these codes names, without a lock."""
    found = _read(await tx.fetch(f"{_SELECT} WHERE c.code = ANY ($1::text[])", list(codes)))
    return found[0] if found else None


async def held_by(tx: Tx, member_id: UUID) -> list[Coupon]:
    """A member's coupons: those to be used, the one that ends first on top, then the others."""
    rows = await tx.fetch(
        f"{_SELECT} WHERE c.member_id = $1 ORDER BY c.order_no IS NOT NULL"
        " OR c.closed_at IS NOT NULL OR c.valid_until <= $2, c.valid_until, c.code LIMIT 200",
        member_id, tx.now,
    )  # fmt: skip
    return _read(rows)


async def usable(tx: Tx, members: Sequence[UUID]) -> list[Coupon]:
    """What these members hold and may use, without a lock."""
    rows = await tx.fetch(
        f"{_SELECT} WHERE c.member_id = ANY ($1::uuid[]) AND c.order_no IS NULL"
        " AND c.closed_at IS NULL AND c.valid_until > $2 ORDER BY c.valid_until, c.code",
        members, tx.now,
    )  # fmt: skip
    return _read(rows)


def _sums(parts: Iterable[tuple[UUID, int]]) -> dict[UUID, int]:
    sums: dict[UUID, int] = {}
    for template_id, fen in parts:
        sums[template_id] = sums.get(template_id, 0) + fen
    return sums


def _read(rows: Sequence[Any]) -> list[Coupon]:
    terms = TermsCache()
    return [
        Coupon(
            terms=terms.of(row["template_id"], row["version"], row["definition"]),
            ended_at=row["ended_at"],
            **{name: row[name] for name in _OWN},
        )
        for row in rows
    ]


def _row(coupon: Coupon) -> tuple[object, ...]:
    return tuple(
        coupon.template.template_id
        if name == "template_id"
        else coupon.terms.version
        if name == "version"
        else getattr(coupon, name)
        for name in _COLUMNS
    )

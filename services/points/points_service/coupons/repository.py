"""Coupons by code. Members are locked before coupons, coupons before templates."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.database import Tx, columns_of
from points_service.coupons.domain import Coupon, Use
from points_service.coupons.redeeming import Found
from points_service.coupons.templates import TermsCache
from points_service.tables import Coupon as CouponTable

_COLUMNS = columns_of(CouponTable)
_OWN = tuple(name for name in _COLUMNS if name not in ("template_id", "version"))
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
    open_ended = {
        coupon.template.template_id
        for coupon in coupons
        if coupon.terms.budget_fen is not None
        and (coupon.closed_at is not None or not coupon.reserved_fen)
    }
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


async def redeem(tx: Tx, uses: Sequence[Use]) -> None:
    """Note which orders used them; a code of a pool becomes its user's."""
    if not uses:
        return
    await tx.execute(
        "UPDATE coupon c SET member_id = u.member_id, order_no = u.order_no, redeemed_at = u.at,"
        " off_fen = u.off_fen, uses = c.uses + 1, rolled_back = NULL,"
        " reserved_fen = c.reserved_fen + u.extra_fen, claimed_at = coalesce(c.claimed_at, u.at)"
        " FROM unnest($1::text[], $2::uuid[], $3::text[], $4::timestamptz[], $5::bigint[],"
        " $6::bigint[]) AS u (code, member_id, order_no, at, off_fen, extra_fen)"
        " WHERE c.code = u.code",
        *zip(
            *((u.coupon.code, u.member_id, u.order_no, u.at, u.off_fen, u.extra_fen) for u in uses),
            strict=True,
        ),
    )
    extra: dict[UUID, int] = {}
    for use in uses:
        template_id = use.coupon.template.template_id
        extra[template_id] = extra.get(template_id, 0) + use.extra_fen
    await commit(tx, extra)


async def roll_back(tx: Tx, used: Sequence[Coupon]) -> None:
    """They are unused again; a budget keeps its promise to those that still last."""
    if not used:
        return
    keeps = {
        each.code: min(each.terms.reserve_fen, each.reserved_fen) if each.lasts(tx.now) else 0
        for each in used
    }
    await tx.execute(
        "UPDATE coupon c SET order_no = NULL, redeemed_at = NULL, off_fen = 0,"
        " rolled_back = c.order_no, reserved_fen = u.reserved_fen,"
        " closed_at = coalesce(c.closed_at, CASE WHEN c.valid_until <= $3 THEN $3 END)"
        " FROM unnest($1::text[], $2::bigint[]) AS u (code, reserved_fen) WHERE c.code = u.code",
        list(keeps), list(keeps.values()), tx.now,
    )  # fmt: skip
    freed: dict[UUID, int] = {}
    for coupon in used:
        template_id = coupon.template.template_id
        fen = keeps[coupon.code] - coupon.reserved_fen
        freed[template_id] = freed.get(template_id, 0) + fen
    await commit(tx, freed)


async def withdraw(tx: Tx, unused: Collection[Coupon]) -> None:
    """They were never good for anything; budgets need not keep their promise."""
    await tx.execute(
        "UPDATE coupon SET valid_until = valid_from, closed_at = $2, reserved_fen = 0"
        " WHERE code = ANY ($1::text[])",
        [coupon.code for coupon in unused], tx.now,
    )  # fmt: skip
    freed: dict[UUID, int] = {}
    for coupon in unused:
        template_id = coupon.template.template_id
        freed[template_id] = freed.get(template_id, 0) - coupon.reserved_fen
    await commit(tx, freed)


async def commit(tx: Tx, fen: Mapping[UUID, int]) -> None:
    """Budgets promise so much more (or, below 0, less), by template."""
    moved = sorted((template_id, each) for template_id, each in fen.items() if each)
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


async def held_by(tx: Tx, member_id: UUID) -> list[Coupon]:
    """A member's coupons, the one that ends first on top."""
    rows = await tx.fetch(
        f"{_SELECT} WHERE c.member_id = $1 ORDER BY c.valid_until, c.code LIMIT 200", member_id
    )
    return _read(rows)


async def move(tx: Tx, merges: Sequence[tuple[UUID, UUID]]) -> None:
    """(absorbed, survivor): coupons change hands."""
    await tx.executemany("UPDATE coupon SET member_id = $2 WHERE member_id = $1", merges)


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

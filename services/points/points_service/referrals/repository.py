"""Codes, referrals, and evidence about the two members of one."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Tx
from points_service.referrals.domain import Reason, Referral, Status

_COLUMNS = tuple(field.name for field in fields(Referral))
_SELECT = ", ".join(_COLUMNS)


async def enrol(tx: Tx, members: Sequence[tuple[UUID, datetime]]) -> None:
    """When members registered; told again it changes nothing."""
    await tx.execute(
        "INSERT INTO enrolment SELECT * FROM unnest($1::uuid[], $2::timestamptz[])"
        " ON CONFLICT DO NOTHING",
        *zip(*sorted(members), strict=True),
    )


async def enrolled_at(tx: Tx, members: Sequence[UUID]) -> datetime | None:
    """When the first of these ids registered, None if that was never told."""
    at: datetime | None = await tx.fetchval(
        "SELECT min(enrolled_at) FROM enrolment WHERE member_id = ANY ($1::uuid[])", members
    )
    return at


async def code_of(tx: Tx, member_id: UUID) -> str | None:
    """A member's code, the oldest."""
    code: str | None = await tx.fetchval(
        "SELECT code FROM referral_code WHERE member_id = $1 ORDER BY made_at, code LIMIT 1",
        member_id,
    )
    return code


async def add_code(tx: Tx, code: str, member_id: UUID) -> None:
    """A member's new code."""
    await tx.execute("INSERT INTO referral_code VALUES ($1, $2, $3)", code, member_id, tx.now)


async def owner_of(tx: Tx, code: str) -> UUID | None:
    """Whose a code is."""
    owner: UUID | None = await tx.fetchval(
        "SELECT member_id FROM referral_code WHERE code = $1", code
    )
    return owner


async def add(tx: Tx, referral: Referral) -> None:
    """A new referral."""
    await tx.copy("referral", _COLUMNS, [_row(referral)])


async def save(tx: Tx, referrals: Iterable[Referral]) -> None:
    """Write what became of them."""
    names = [name for name in _COLUMNS if name not in ("referral_id", "attributed_at")]
    updates = ", ".join(f"{name} = ${n}" for n, name in enumerate(names, 2))
    await tx.executemany(
        f"UPDATE referral SET {updates} WHERE referral_id = $1",
        [
            (each.referral_id, *(_value(each, name) for name in names))
            for each in sorted(referrals, key=lambda each: each.referral_id)
        ],
    )


def _row(referral: Referral) -> tuple[object, ...]:
    return tuple(_value(referral, name) for name in _COLUMNS)


def _value(referral: Referral, name: str) -> object:
    value = getattr(referral, name)
    return list(value) if name == "reasons" else value


def _referral(row: Any) -> Referral:
    told = dict(row)
    return Referral(**told | {"status": Status(told["status"]), "reasons": tuple(told["reasons"])})


async def by_id(tx: Tx, ids: Collection[UUID], *, lock: bool = False) -> list[Referral]:
    """Referrals; lock them after their members."""
    rows = await tx.fetch(
        f"SELECT {_SELECT} FROM referral WHERE referral_id = ANY ($1::uuid[])"
        " ORDER BY referral_id" + (" FOR UPDATE" if lock else ""),
        list(ids),
    )
    return [_referral(row) for row in rows]


async def brought(tx: Tx, members: Collection[UUID]) -> list[Referral]:
    """Referrals that brought these members."""
    rows = await tx.fetch(
        f"SELECT {_SELECT} FROM referral WHERE referred_id = ANY ($1::uuid[])"
        " ORDER BY attributed_at, referral_id",
        list(members),
    )
    return [_referral(row) for row in rows]


async def waiting(tx: Tx, members: Collection[UUID]) -> list[Referral]:
    """Referrals of these members that wait for a first purchase."""
    rows = await tx.fetch(
        f"SELECT {_SELECT} FROM referral WHERE referred_id = ANY ($1::uuid[])"
        " AND first_order_no IS NULL AND status IN ('pending', 'review')",
        list(members),
    )
    return [_referral(row) for row in rows]


async def given_back(tx: Tx, orders: Collection[str]) -> list[UUID]:
    """Referrals whose first purchase is one of these orders and was given back in full."""
    rows = await tx.fetch(
        "SELECT referral_id FROM referral r JOIN orders o ON o.order_no = r.first_order_no"
        " WHERE r.first_order_no = ANY ($1::text[]) AND o.refunded_fen = o.paid_fen",
        list(orders),
    )
    return [row["referral_id"] for row in rows]


async def page(tx: Tx, status: str | None, before: UUID | None, limit: int) -> list[Referral]:
    """Newest first."""
    rows = await tx.fetch(
        f"SELECT {_SELECT} FROM referral WHERE ($1::text IS NULL OR status = $1)"
        " AND ($2::uuid IS NULL OR referral_id < $2) ORDER BY referral_id DESC LIMIT $3",
        status, before, limit,
    )  # fmt: skip
    return [_referral(row) for row in rows]


async def brought_by(tx: Tx, member_id: UUID, steps: int) -> dict[UUID, UUID]:
    """Who brought a member, who brought that one, and so on; refused ones do not count."""
    rows = await tx.fetch(
        "WITH RECURSIVE up (referred_id, referrer_id, step) AS ("
        " SELECT referred_id, referrer_id, 1 FROM referral"
        " WHERE referred_id = $1 AND status <> 'refused'"
        " UNION SELECT r.referred_id, r.referrer_id, up.step + 1 FROM referral r"
        " JOIN up ON r.referred_id = up.referrer_id"
        " WHERE r.status <> 'refused' AND up.step < $2)"
        " SELECT DISTINCT referred_id, referrer_id FROM up",
        member_id, steps,
    )  # fmt: skip
    return {row["referred_id"]: row["referrer_id"] for row in rows}


async def since(tx: Tx, referrer_id: UUID, moment: datetime) -> int:
    """How many a member has brought since then."""
    n: int = await tx.fetchval(
        "SELECT count(*) FROM referral WHERE referrer_id = $1 AND attributed_at > $2",
        referrer_id, moment,
    )  # fmt: skip
    return n


async def same_payer(tx: Tx, order_no: str, members: Sequence[UUID]) -> bool:
    """Whether these ids ever paid with what that order was paid with."""
    found: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM orders o JOIN orders f ON f.payer = o.payer"
        " WHERE f.order_no = $1 AND o.member_id = ANY ($2::uuid[]))",
        order_no, members,
    )  # fmt: skip
    return found


async def question(
    tx: Tx, merges: Sequence[tuple[UUID, UUID]]
) -> dict[UUID, list[tuple[UUID, str]]]:
    """(absorbed, survivor), whose referrals have moved: some must not be rewarded unseen.

    That is of who turns out to have brought himself, or to have bought before. Answers those
    referrals by survivor, with the status they had.
    """
    kept = [kept for _, kept in merges]
    rows = [
        *await tx.fetch(
            "UPDATE referral r SET status = 'review', reasons = r.reasons || $2::text"
            " FROM referral o WHERE o.referral_id = r.referral_id"
            " AND r.referred_id = ANY ($1::uuid[]) AND r.referrer_id = r.referred_id"
            " AND r.status IN ('pending', 'rewarded')"
            " RETURNING r.referred_id, r.referral_id, o.status",
            kept, Reason.SELF.value,
        ),
        *await tx.fetch(
            "UPDATE referral r SET status = 'refused', reasons = reasons || $2::text FROM member m"
            " WHERE r.referred_id = ANY ($1::uuid[]) AND r.status = 'pending'"
            " AND m.member_id = r.referred_id AND m.month > '1970-01-01'"
            " RETURNING r.referred_id, r.referral_id, 'pending' AS status",
            kept, Reason.NOT_NEW.value,
        ),
    ]  # fmt: skip
    found: dict[UUID, list[tuple[UUID, str]]] = {}
    for referred_id, referral_id, status in rows:
        found.setdefault(referred_id, []).append((referral_id, status))
    return found

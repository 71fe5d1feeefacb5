"""Rows of `member`."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlmodel import col, update

from chassis.database import Tx
from contracts import identity as api
from identity_service import tables
from identity_service.members.domain import Known, fingerprint
from identity_service.merges.repository import answers_as


async def known(tx: Tx, members: Collection[UUID]) -> dict[UUID, Known]:
    """Those of the ids that exist."""
    rows = await tx.fetch(
        "SELECT member_id, registered_at, fingerprint FROM member"
        " WHERE member_id = ANY($1::uuid[])",
        list(members),
    )
    return {row["member_id"]: Known(row["registered_at"], row["fingerprint"]) for row in rows}


async def insert(tx: Tx, members: Sequence[api.SealedMember]) -> None:
    """New members, registered now."""
    rows = [
        (
            member.member_id,
            member.name,
            gender_or_gap(member.gender),
            member.birthday,
            member.birth_year,
            member.birth_month,
            member.address,
            member.city,
            member.region or None,
            member.language,
            member.channel,
            fingerprint(member),
        )
        for member in members
    ]
    await tx.execute(
        "INSERT INTO member (member_id, name, gender, birthday, birth_year, birth_month, address,"
        " city, region, language, channel, fingerprint, registered_at)"
        " SELECT *, $13 FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::int[],"
        " $6::int[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::bytea[])",
        *map(list, zip(*rows, strict=True)),
        tx.now,
    )


async def find(tx: Tx, member_id: UUID) -> api.Member | None:
    """The member an id answers as."""
    found = await answers_as(tx, member_id)
    if found is None:
        return None
    root, absorbed = found
    row = await tx.fetchrow(
        "SELECT name, gender, birthday, address, city, region, language, channel, registered_at"
        " FROM member WHERE member_id = $1",
        root,
    )
    gender = row["gender"] or "unknown"
    return api.Member(**{**row, "member_id": root, "absorbed": absorbed, "gender": gender})


async def change(tx: Tx, member_id: UUID, changes: Mapping[str, Any]) -> None:
    """Set these columns of a surviving member; what is corrected is its own from now on."""
    await tx.execute(
        update(tables.Member).where(col(tables.Member.member_id) == member_id).values(dict(changes))
    )
    await tx.execute(
        "UPDATE member SET filled = filled - $2::text[] WHERE member_id = $1",
        member_id,
        list(changes),
    )


async def count(tx: Tx) -> api.MemberStats:
    """How much of everything there is."""
    row = await tx.fetchrow(
        "SELECT count(*) AS registered, count(*) FILTER (WHERE merged_into IS NULL) AS members,"
        " (SELECT count(*) FROM identifier) AS identifiers,"
        " (SELECT count(*) FROM merge WHERE undone_at IS NULL) AS merges FROM member"
        " WHERE erased_at IS NULL"
    )
    return api.MemberStats(**row)


def gender_or_gap(gender: str) -> str | None:
    """`unknown` is a gap that a merge may fill."""
    return None if gender == "unknown" else gender

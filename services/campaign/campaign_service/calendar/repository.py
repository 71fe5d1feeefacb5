"""Who is in which audiences, over all members at once."""

from collections.abc import Sequence

from campaign_service.audiences.domain import Picking
from chassis.database import Tx


async def masks(tx: Tx, pickings: Sequence[Picking]) -> dict[int, int]:
    """How many members are in which of these audiences: bit n stands for the n-th.

    One scan of members, whatever the number of audiences: segments are looked up in hashes.
    """
    args: list[object] = []

    def arg(value: object) -> str:
        args.append(value)
        return f"${len(args)}"

    bits = []
    for place, picking in enumerate(pickings):
        where = ["true"]
        for bound in picking.bounds:
            for value, sign in ((bound.least, ">="), (bound.most, "<=")):
                if value is not None:
                    where.append(f"m.{bound.column} {sign} {arg(value)}")
        if picking.tiers:
            where.append(f"m.tier = ANY({arg(list(picking.tiers))}::text[])")
        within = "SELECT member_id FROM segment_member WHERE segment_id ="
        where += [f"m.member_id IN ({within} {arg(each)})" for each in picking.inside]
        where += [f"m.member_id NOT IN ({within} {arg(each)})" for each in picking.outside]
        condition = " AND ".join(where)
        bits.append(f"CASE WHEN {condition} THEN {1 << place}::bigint ELSE 0 END")
    if not bits:
        return {}
    rows = await tx.fetch(
        f"SELECT {' + '.join(bits)} AS mask, count(*) AS members FROM member m GROUP BY 1", *args
    )
    return {row["mask"]: row["members"] for row in rows}

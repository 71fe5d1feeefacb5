"""What changes hands with a member, and what is remembered of it."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

import msgspec

from chassis.database import Tx
from points_service.merges.carried import ONCE, Carried, Found
from points_service.merges.domain import Merge
from points_service.moving import Moving

MOVING = (
    Moving("lot", ("lot_id",)),
    Moving("hold", ("hold_id",)),
    Moving("coupon", ("code",)),
    Moving("benefit_use", ("use_id",)),
    Moving("benefit_application", ("application_id",)),
    Moving("quote", ("quote_id",)),
    Moving("stored_value", ("account_id",)),
    Moving("exchange", ("exchange_id",)),
    Moving("paid_membership", ("membership_id",)),
    Moving("package_purchase", ("purchase_id",)),
    Moving("act", ("kind", "ref")),
    Moving("task_purchase", ("task_id", "order_no")),
    Moving("referral_code", ("code",)),
    Moving("referral", ("referral_id",), "referrer_id"),
    Moving("referral", ("referral_id",), "referred_id"),
)
_ROWS = ", ".join(
    f"'{table}', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM {table} t"
    " WHERE t.member_id = m.member_id)"
    for table in ONCE
)


async def found(tx: Tx, members: Sequence[UUID]) -> dict[UUID, Found]:
    """What these members have that is added up or kept once."""
    rows = await tx.fetch(
        "SELECT m.member_id, m.social, m.referrals, m.birth_month,"
        " (SELECT coalesce(-sum(a.balance), 0)::bigint FROM account a"
        " WHERE a.kind = 'debt' AND a.owner = m.member_id::text) AS owed,"
        " (SELECT coalesce(jsonb_object_agg(k.month, k.interactions), '{}') FROM member_month k"
        " WHERE k.member_id = m.member_id AND k.interactions <> 0) AS interactions,"
        " (SELECT coalesce(jsonb_agg(jsonb_build_array(u.rule_id, u.day, u.used)), '[]')"
        " FROM rule_use u WHERE u.member_id = m.member_id) AS rule_use,"
        f" jsonb_build_object({_ROWS}) AS rows"
        " FROM member m WHERE m.member_id = ANY ($1::uuid[])",
        list(members),
    )
    return {row.pop("member_id"): msgspec.convert(row, Found) for row in map(dict, rows)}


async def remember(tx: Tx, absorptions: Sequence[tuple[Merge, UUID, str, Carried]]) -> None:
    """(merge, its journal, the survivor's tier before, what came along)."""
    await tx.executemany(
        "INSERT INTO absorption (absorbed_id, into_id, merge_id, absorbed_at, journal_id, tier,"
        " carried) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (absorbed_id) DO UPDATE"
        " SET into_id = excluded.into_id, merge_id = excluded.merge_id,"
        " absorbed_at = excluded.absorbed_at, journal_id = excluded.journal_id,"
        " tier = excluded.tier, carried = excluded.carried",
        [
            (
                merge.absorbed_id,
                merge.survivor_id,
                merge.merge_id,
                merge.merged_at,
                journal,
                tier,
                msgspec.to_builtins(carried),
            )
            for merge, journal, tier, carried in absorptions
        ],
    )


def replaced(
    merges: Sequence[Merge], carried: Mapping[UUID, Carried]
) -> list[tuple[UUID, str, date]]:
    """(survivor, task, period) of turns that were taken back and make way for one that stands."""
    return [
        (merge.survivor_id, kept.row["task_id"], date.fromisoformat(kept.row["period"]))
        for merge in merges
        for kept in carried[merge.absorbed_id].kept
        if kept.instead is not None
    ]

"""What points holds of a member, and how it goes. $1 are the member's ids.

Books are kept by law, by bare ids: orders, the ledger and what its journals rest on. Everything
that says who somebody is, or what somebody is like, goes.
"""

from chassis.rights import statements

_MINE = "member_id = ANY($1::uuid[])"
_HOLDER = (
    "holder IN (SELECT 'member:' || id FROM unnest($1::uuid[]) AS id"
    f" UNION ALL SELECT index FROM identifier WHERE {_MINE})"
)
_ACCOUNT = f"account_id IN (SELECT account_id FROM stored_value WHERE {_MINE})"
_OF_LOT = f"lot_id IN (SELECT lot_id FROM lot WHERE {_MINE})"
_OF_PURCHASE = f"purchase_id IN (SELECT purchase_id FROM package_purchase WHERE {_MINE})"
_OF_MEMBERSHIP = f"membership_id IN (SELECT membership_id FROM paid_membership WHERE {_MINE})"
_OWNER = "owner IN (SELECT id::text FROM unnest($1::uuid[]) AS id)"

# Why what is kept is kept.
_BOOKS = "books of what was bought and booked"
KEPT = {
    **dict.fromkeys(
        (
            "orders", "refund", "account", "entry", "lot", "lot_use", "redemption", "hold",
            "transfer", "coupon", "exchange", "reward_exchange", "stored_value", "stored_top_up",
            "stored_spend", "stored_use", "stored_line", "paid_membership", "paid_membership_use",
            "package_purchase", "package_voucher", "growth_entry", "act", "referral",
        ),
        _BOOKS,
    ),
    "member": "what accounts stand for, emptied of the month of birth",
    "tier_change": "why prices were what they were",
    "benefit_use": "what was given",
    "benefit_application": "what was given, emptied of notes",
}  # fmt: skip

_COLUMNS = {
    "orders": "order_no, store, channel, paid_at, paid_fen, items, coupons, points, growth, tier,"
    " refunded_fen, delivery_fen, pays, tender",
    "identifier": "split_part(index, ':', 1) AS kind",
    "device_sighting": "count(*) AS devices",
    "quote": "store, channel, lines, delivery_fen, to_pay_fen, valid_until",
    "parked_act": "kind, ref, occurred_at, channel, store",
    "entry": "entry_id, journal_id, amount",
    "account": "kind, balance",
}
_CONDITIONS = {
    "device_sighting": _HOLDER,
    "parked_act": _HOLDER,
    "account": _OWNER,
    "entry": f"account_id IN (SELECT account_id FROM account WHERE {_OWNER})",
    "lot_use": _OF_LOT,
    "stored_top_up": _ACCOUNT,
    "stored_spend": _ACCOUNT,
    "stored_line": _ACCOUNT,
    "stored_use": f"spend_id IN (SELECT spend_id FROM stored_spend WHERE {_ACCOUNT})",
    "paid_membership_use": _OF_MEMBERSHIP,
    "package_voucher": _OF_PURCHASE,
    "transfer": "giver_id = ANY($1::uuid[]) OR receiver_id = ANY($1::uuid[])",
    "referral": "referrer_id = ANY($1::uuid[]) OR referred_id = ANY($1::uuid[])",
}
_GOES = (  # holders first: they are found by the identifiers
    "device_sighting", "parked_act", "identifier", "questionnaire_answer", "member_tags",
    "member_birthday", "referral_code", "task_done", "task_purchase", "member_badge",
    "tier_warning", "quote", "rule_use", "enrolment", "member_month",
)  # fmt: skip


def _where(table: str) -> str:
    return f"FROM {table} WHERE {_CONDITIONS.get(table, _MINE)}"


HOLDS = {table: f"SELECT {_COLUMNS.get(table, '*')} {_where(table)}" for table in (*KEPT, *_GOES)}

erase = statements(
    "DELETE FROM moved WHERE owner_id = ANY($1::uuid[])",
    "DELETE FROM absorption WHERE absorbed_id = ANY($1::uuid[]) OR into_id = ANY($1::uuid[])",
    *(f"DELETE {_where(table)}" for table in _GOES),
    f"UPDATE orders SET payer = NULL WHERE {_MINE}",
    f"UPDATE member SET birth_month = NULL WHERE {_MINE}",
    f"UPDATE benefit_application SET note = NULL, area = NULL WHERE {_MINE}",
)

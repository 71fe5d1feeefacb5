"""What identity holds of a member, and how it goes. $1 are the member's ids."""

from collections.abc import Sequence
from uuid import UUID

from chassis.database import Tx
from identity_service.merges.repository import hold

HOLDS = {
    "member": "SELECT member_id, registered_at, merged_into, name, gender, birthday, birth_year,"
    " birth_month, address, city, region, language, channel FROM member"
    " WHERE member_id = ANY($1::uuid[])",
    "identifier": "SELECT kind, value, linked_at, source FROM identifier"
    " WHERE member_id = ANY($1::uuid[])",
    "merge": "SELECT merge_id, survivor_id, absorbed_id, merged_at, source FROM merge"
    " WHERE survivor_id = ANY($1::uuid[])",
    "merge_review": "SELECT review_id, survivor_id, absorbed_id, bits, state, found_at, decided_at"
    " FROM merge_review WHERE survivor_id = ANY($1::uuid[]) OR absorbed_id = ANY($1::uuid[])",
}

# Lineage stays, by ids alone: merges that others rest on must go on making sense.
_ERASE = (
    "DELETE FROM identifier WHERE member_id = ANY($1::uuid[])"
    " OR original_member_id = ANY($1::uuid[])",
    "DELETE FROM kept_apart WHERE one = ANY($1::uuid[]) OR other = ANY($1::uuid[])",
    "DELETE FROM match_keys WHERE member_id = ANY($1::uuid[])",
    "DELETE FROM merge_review WHERE survivor_id = ANY($1::uuid[]) OR absorbed_id = ANY($1::uuid[])",
    "DELETE FROM birthday_untold WHERE member_id = ANY($1::uuid[])",
    "UPDATE merge SET evidence = split_part(evidence, ':', 1),"
    " moved = jsonb_set(moved, '{identifiers}', '[]')"
    " WHERE survivor_id = ANY($1::uuid[]) OR absorbed_id = ANY($1::uuid[])",
)
_EMPTY = (
    "UPDATE member SET name = NULL, gender = NULL, birthday = NULL, birth_year = NULL,"
    " birth_month = NULL, address = NULL, city = NULL, region = NULL, channel = NULL,"
    " filled = '{}',"
    " language = 'zh', fingerprint = '', erased_at = coalesce(erased_at, $2)"
    " WHERE member_id = ANY($1::uuid[])"
)


# Whoever remembers owners forgets all of them, and no index of the erased is left.
_FORGET = (
    "WITH everything AS (INSERT INTO ownership_change (keys) VALUES (NULL))"
    " DELETE FROM ownership_change"
)


async def erase(tx: Tx, members: Sequence[UUID]) -> None:
    """Close the account: nothing leads to these ids any more, and nobody gets them again."""
    await hold(tx)
    for statement in _ERASE:
        await tx.execute(statement, list(members))
    await tx.execute(_EMPTY, list(members), tx.now)
    await tx.execute(_FORGET)

"""Links by the hash of their token."""

from collections.abc import Sequence

from chassis.database import Tx
from gateway_service.unsubscribe.domain import Link

_COLUMNS = (
    "token_hash, delivery_id, campaign_id, member_id, purpose, channel, language, sent_at"
)  # fmt: skip


async def add(tx: Tx, links: Sequence[Link]) -> None:
    """Links of messages that leave; one that is there stays."""
    await tx.execute(
        f"INSERT INTO unsubscribe_link ({_COLUMNS}) SELECT * FROM unnest($1::bytea[], $2::uuid[],"
        " $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::timestamptz[])"
        " ON CONFLICT (token_hash) DO NOTHING",
        [link.token_hash for link in links], [link.delivery_id for link in links],
        [link.campaign_id for link in links], [link.member_id for link in links],
        [link.purpose for link in links], [link.channel for link in links],
        [link.language for link in links], [link.sent_at for link in links],
    )  # fmt: skip


async def find(tx: Tx, token_hash: bytes) -> Link | None:
    """The link with this hash."""
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM unsubscribe_link WHERE token_hash = $1", token_hash
    )
    return Link(**row) if row else None

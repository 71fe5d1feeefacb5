"""Invitation pages and their guests, in and out of the database."""

from uuid import UUID

from campaign_service.invitations.domain import Invitation
from chassis.database import Tx

TABLES = ("invitation_page", "guest")  # that name a member
_STANDING = (
    "(SELECT count(DISTINCT g.member_id) FROM guest g JOIN signup s ON s.activity_id ="
    " g.activity_id AND s.member_id = g.member_id AND {what} WHERE g.page_id = p.page_id)"
)
_GUESTS = _STANDING.format(what="s.status <> 'cancelled'")
_CAME = _STANDING.format(what="s.checked_in_at IS NOT NULL")
_INVITATION = (
    "SELECT p.page_id, p.activity_id, p.member_id, a.document -> 'title' AS title, p.design,"
    " p.words, p.referral_code, a.signup_until,"
    f" {_GUESTS} AS guests, {_CAME} AS came"
    " FROM invitation_page p JOIN activity a USING (activity_id)"
)


async def put(
    tx: Tx, activity_id: UUID, member_id: UUID, said: tuple[str, str | None, str | None]
) -> None:
    """A member's page to an activity as (design, words, referral code): new, or as it is now."""
    await tx.execute(
        "INSERT INTO invitation_page (page_id, activity_id, member_id, original_member_id, design,"
        " words, referral_code, made_at) VALUES ($1, $2, $3, $3, $4, $5, $6, $7)"
        " ON CONFLICT (activity_id, original_member_id) DO UPDATE SET design = excluded.design,"
        " words = excluded.words, referral_code = excluded.referral_code",
        tx.ids.new(), activity_id, member_id, *said, tx.now,
    )  # fmt: skip


async def drop(tx: Tx, activity_id: UUID, member_id: UUID) -> bool:
    """Take it back, under all of the member's ids; False where there is none."""
    gone = await tx.fetch(
        "DELETE FROM invitation_page WHERE activity_id = $1 AND member_id = $2 RETURNING 1",
        activity_id, member_id,
    )  # fmt: skip
    return bool(gone)


async def get(tx: Tx, page_id: UUID) -> Invitation | None:
    """One page."""
    row = await tx.fetchrow(f"{_INVITATION} WHERE p.page_id = $1", page_id)
    return Invitation(**row) if row else None


async def of_member(tx: Tx, member_id: UUID) -> list[Invitation]:
    """A member's pages, the newest 200."""
    rows = await tx.fetch(
        f"{_INVITATION} WHERE p.member_id = $1 ORDER BY p.made_at DESC, p.page_id LIMIT 200",
        member_id,
    )
    return [Invitation(**row) for row in rows]


async def add_guest(tx: Tx, invitation: Invitation, member_id: UUID) -> None:
    """Somebody signed up by a page; the first invitation counts."""
    await tx.execute(
        "INSERT INTO guest (activity_id, original_member_id, member_id, page_id, signed_up_at)"
        " VALUES ($1, $2, $2, $3, $4) ON CONFLICT DO NOTHING",
        invitation.activity_id, member_id, invitation.page_id, tx.now,
    )  # fmt: skip

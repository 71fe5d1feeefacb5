"""Chains of answers, their last links, and the notices."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.clock import local_date
from chassis.database import Tx
from contracts.gateway.consents import ConsentCount
from contracts.roles import Role
from gateway_service.consent.domain import Act, Answer, Head, Key, Link, State, Use, guarded

_LINK = (
    "member_id, number, at, purpose, channel, state, notice_version, notice_hash, ref, asked_where,"
    " asked_how, initiative, by_role, by_subject, inherited_from, hash"
)
_GRANTED = (
    "c.state = 'granted' AND (c.purpose = 'membership' OR c.notice_version >= (SELECT"
    " max(version) FROM notice WHERE notice.purpose = c.purpose AND material))"
)


async def hold(tx: Tx, *, merging: bool = False) -> None:
    """Answers are written side by side, but none while members are being merged."""
    shared = "" if merging else "_shared"
    await tx.execute(f"SELECT pg_advisory_xact_lock{shared}(hashtext('gateway:consents'))")


async def roots(tx: Tx, members: Iterable[UUID]) -> dict[UUID, UUID]:
    """Who answers for each id: itself, or the member it was merged into."""
    asked = list(set(members))
    rows = await tx.fetch(
        "SELECT absorbed_id, survivor_id FROM merged_member WHERE absorbed_id = ANY($1::uuid[])",
        asked,
    )
    merged = {row["absorbed_id"]: row["survivor_id"] for row in rows}
    return {member: merged.get(member, member) for member in asked}


async def heads(tx: Tx, members: Iterable[UUID]) -> dict[UUID, Head]:
    """The ends of these chains, locked in one order; a member's first answer begins one."""
    wanted = sorted(set(members))
    fresh = Head()
    await tx.execute(
        "INSERT INTO consent_head (member_id, number, hash)"
        " SELECT unnest($1::uuid[]), $2, $3 ON CONFLICT DO NOTHING",
        wanted, fresh.number, fresh.hash,
    )  # fmt: skip
    rows = await tx.fetch(
        "SELECT member_id, number, hash FROM consent_head WHERE member_id = ANY($1::uuid[])"
        " ORDER BY member_id FOR UPDATE",
        wanted,
    )
    return {row["member_id"]: Head(row["number"], row["hash"]) for row in rows}


async def head(tx: Tx, member_id: UUID) -> Head:
    """Where a chain ends."""
    row = await tx.fetchrow("SELECT number, hash FROM consent_head WHERE member_id = $1", member_id)
    return Head(*row) if row else Head()


async def answers(tx: Tx, members: Iterable[UUID]) -> dict[UUID, dict[Key, Answer]]:
    """The last answers of each; nothing is looked up under another id."""
    wanted = list(set(members))
    rows = await tx.fetch(
        "SELECT member_id, purpose, channel, state, notice_version, changed_at FROM consent"
        " WHERE member_id = ANY($1::uuid[])",
        wanted,
    )
    found: dict[UUID, dict[Key, Answer]] = {member: {} for member in wanted}
    for member, purpose, channel, state, version, at in rows:
        found[member][Key(purpose, channel)] = Answer(State(state), version, at)
    return found


async def uses(tx: Tx, refs: Iterable[UUID]) -> dict[UUID, set[Use]]:
    """What these acts have been used for, by the members of today."""
    rows = await tx.fetch(
        "SELECT e.ref, coalesce(m.survivor_id, e.member_id), e.purpose, e.channel, e.state"
        " FROM consent_event e LEFT JOIN merged_member m ON m.absorbed_id = e.member_id"
        " WHERE e.ref = ANY($1::uuid[]) AND e.inherited_from IS NULL",
        list(refs),
    )
    found: dict[UUID, set[Use]] = {}
    for ref, member, purpose, channel, state in rows:
        use = (member, Key(purpose, channel), state == State.GRANTED)
        found.setdefault(ref, set()).add(use)
    return found


async def append(tx: Tx, links: Sequence[Link], ends: Mapping[UUID, Head]) -> None:
    """Links at the ends of their chains, in sequence; the last answers follow."""
    await tx.executemany(
        f"INSERT INTO consent_event ({_LINK}) VALUES"
        " ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        [
            (
                link.member_id, link.number, link.at, link.key.purpose, link.key.channel,
                link.state, link.notice_version, link.notice_hash, link.act.ref, link.act.where,
                link.act.how, link.act.initiative, link.by_role, link.by_subject,
                link.inherited_from, link.hash,
            )
            for link in links
        ],
    )  # fmt: skip
    await tx.executemany(
        "INSERT INTO consent (member_id, purpose, channel, state, notice_version, changed_at)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (member_id, purpose, channel) DO UPDATE"
        " SET state = excluded.state, notice_version = excluded.notice_version,"
        " changed_at = excluded.changed_at",
        [(link.member_id, *link.key, link.state, link.notice_version, link.at) for link in links],
    )
    await tx.executemany(
        "UPDATE consent_head SET number = $2, hash = $3 WHERE member_id = $1",
        [(member, end.number, end.hash) for member, end in ends.items()],
    )


async def chain(tx: Tx, member_id: UUID) -> list[Link]:
    """Every answer of a member, oldest first."""
    rows = await tx.fetch(
        f"SELECT {_LINK} FROM consent_event WHERE member_id = $1 ORDER BY number", member_id
    )
    return [_link(row) for row in rows]


def _link(row: Any) -> Link:
    return Link(
        row["member_id"], row["number"], row["at"], Key(row["purpose"], row["channel"]),
        State(row["state"]), row["notice_version"], row["notice_hash"],
        Act(row["ref"], row["asked_where"], row["asked_how"], row["initiative"]),
        Role(row["by_role"]), row["by_subject"], row["inherited_from"], row["hash"],
    )  # fmt: skip


async def granted(tx: Tx, members: Sequence[UUID]) -> list[frozenset[Key]]:
    """What each of these ids has agreed to as of now, in their sequence. A child's answers, but
    for membership, count with the guardian's yes only."""
    rows = await tx.fetch(
        "SELECT w.place, c.purpose, c.channel, EXISTS (SELECT FROM child"
        " WHERE child.member_id = c.member_id AND child.until > $2) AS of_child"
        " FROM unnest($1::uuid[]) WITH ORDINALITY AS w (member_id, place)"
        " LEFT JOIN merged_member m ON m.absorbed_id = w.member_id"
        " JOIN consent c ON c.member_id = coalesce(m.survivor_id, w.member_id)"
        f" WHERE {_GRANTED}",
        list(members), local_date(tx.now),
    )  # fmt: skip
    found: list[set[Key]] = [set() for _ in members]
    children = {row["place"] - 1 for row in rows if row["of_child"]}
    for place, purpose, channel, _ in rows:
        found[place - 1].add(Key(purpose, channel))
    return [frozenset(guarded(each) if n in children else each) for n, each in enumerate(found)]


async def granted_among(
    tx: Tx, wanted: Iterable[tuple[UUID, Key]], *, lock: bool
) -> set[tuple[UUID, Key]]:
    """Those of the (member, key) that are granted; with a lock a withdrawal is either seen here or
    comes after what the caller does."""
    columns = [(member, *key) for member, key in wanted]
    rows = await tx.fetch(
        "SELECT w.member_id AS asked, c.purpose, c.channel"
        " FROM unnest($1::uuid[], $2::text[], $3::text[]) AS w (member_id, purpose, channel)"
        " LEFT JOIN merged_member m ON m.absorbed_id = w.member_id"
        " JOIN consent c ON c.member_id = coalesce(m.survivor_id, w.member_id)"
        " AND c.purpose = w.purpose AND c.channel = w.channel"
        f" WHERE {_GRANTED}{' FOR SHARE OF c' if lock else ''}",
        *([row[n] for row in columns] for n in range(3)),
    )
    return {(row["asked"], Key(row["purpose"], row["channel"])) for row in rows}


async def counts(tx: Tx) -> list[ConsentCount]:
    """Members by purpose, channel and state, in the sequence of their names."""
    rows = await tx.fetch(
        "SELECT purpose, nullif(channel, '') AS channel,"
        " count(*) FILTER (WHERE state = 'granted') AS granted,"
        " count(*) FILTER (WHERE state = 'refused') AS refused,"
        " count(*) FILTER (WHERE state = 'withdrawn') AS withdrawn FROM consent c"
        " WHERE NOT EXISTS (SELECT FROM merged_member m WHERE m.absorbed_id = c.member_id)"
        " GROUP BY 1, 2 ORDER BY 1, 2"
    )
    return [ConsentCount(**row) for row in rows]


async def family(tx: Tx, root: UUID) -> list[UUID]:
    """Who answers, and everybody it answers for."""
    rows = await tx.fetch("SELECT absorbed_id FROM merged_member WHERE survivor_id = $1", root)
    return [root, *(row["absorbed_id"] for row in rows)]


async def split(tx: Tx, restored_id: UUID, members: Sequence[UUID]) -> bool:
    """The restored id answers for itself and for `members`; False: nobody answered for it."""
    done = await tx.execute("DELETE FROM merged_member WHERE absorbed_id = $1", restored_id)
    await tx.execute(
        "UPDATE merged_member SET survivor_id = $1 WHERE absorbed_id = ANY($2::uuid[])",
        restored_id, list(members),
    )  # fmt: skip
    return done != "DELETE 0"


async def merge(tx: Tx, survivor_id: UUID, absorbed_id: UUID) -> None:
    """From now on the survivor answers for the absorbed id and for whoever that stood for."""
    await tx.execute(
        "UPDATE merged_member SET survivor_id = $1 WHERE survivor_id = $2", survivor_id, absorbed_id
    )
    await tx.execute(
        "INSERT INTO merged_member (absorbed_id, survivor_id) VALUES ($2, $1)"
        " ON CONFLICT (absorbed_id) DO UPDATE SET survivor_id = excluded.survivor_id",
        survivor_id, absorbed_id,
    )  # fmt: skip

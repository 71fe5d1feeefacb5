"""Acts, those that wait for their member, and whose identifiers are."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis.database import Tx
from points_service.acts.domain import Act, ActKind, Outcome
from points_service.calendar import day_of


@dataclass(frozen=True, slots=True)
class Parked:
    """An act of an unknown `holder`: an identifier's index, or `member:<id>`."""

    kind: str
    ref: str
    holder: str
    occurred_at: datetime
    channel: str | None
    store: str | None

    def of(self, member_id: UUID) -> Act:
        """The act, now that its member is known."""
        return Act(self.kind, self.ref, member_id, self.occurred_at, self.channel, self.store)


async def kind_definitions(tx: Tx) -> dict[str, dict[str, Any]]:
    """Kinds of act as they were written."""
    rows = await tx.fetch("SELECT kind, definition FROM act_kind ORDER BY kind")
    return {row["kind"]: row["definition"] for row in rows}


async def kinds(tx: Tx) -> dict[str, ActKind]:
    """Kinds of act."""
    return {
        kind: ActKind(kind, told["told_by"], tuple(told["events"]), told["daily"], told["social"])
        for kind, told in (await kind_definitions(tx)).items()
    }


async def save_kind(tx: Tx, kind: str, definition: dict[str, Any]) -> None:
    """Add or change a kind."""
    await tx.execute(
        "INSERT INTO act_kind VALUES ($1, $2)"
        " ON CONFLICT (kind) DO UPDATE SET definition = excluded.definition",
        kind, definition,
    )  # fmt: skip


async def recorded(tx: Tx, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], Outcome]:
    """Those of these acts that were counted before."""
    rows = await tx.fetch(
        "SELECT a.* FROM act a JOIN unnest($1::text[], $2::text[]) AS k (kind, ref)"
        " USING (kind, ref)",
        *zip(*sorted(keys), strict=True),
    )
    return {(row["kind"], row["ref"]): _outcome(row) for row in rows}


def _outcome(row: Any) -> Outcome:
    act = Act(row["kind"], row["ref"], row["member_id"], row["occurred_at"])
    return Outcome(act, row["growth"], row["points"], row["streak"], tuple(row["badges"]))


async def days(
    tx: Tx, members: Iterable[UUID], daily: Sequence[str]
) -> dict[tuple[UUID, str], frozenset[date]]:
    """On which days members did what counts once a day."""
    rows = await tx.fetch(
        "SELECT member_id, kind, array_agg(day) AS days FROM act"
        " WHERE member_id = ANY ($1::uuid[]) AND kind = ANY ($2::text[]) GROUP BY 1, 2",
        list(members), daily,
    )  # fmt: skip
    return {(row["member_id"], row["kind"]): frozenset(row["days"]) for row in rows}


async def add(tx: Tx, outcomes: Sequence[Outcome]) -> bool:
    """Keep acts; False if somebody else used one's `ref` in this moment."""
    rows = [
        (
            o.act.kind, o.act.ref, o.act.member_id, o.act.occurred_at, day_of(o.act.occurred_at),
            o.growth, o.points, o.streak, list(o.badges), tx.now,
        )
        for o in sorted(outcomes, key=lambda outcome: outcome.act.key)
    ]  # fmt: skip
    kept = 0
    for row in await tx.conn.fetchmany(
        "INSERT INTO act (kind, ref, member_id, occurred_at, day, growth, points, streak, badges,"
        " recorded_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
        " ON CONFLICT DO NOTHING RETURNING 1 AS kept",
        rows,
    ):
        kept += row["kept"]
    return kept == len(rows)


async def park(tx: Tx, acts: Sequence[Parked]) -> None:
    """Let acts wait for their member; one that waits already goes on waiting."""
    if acts:
        await tx.executemany(
            "INSERT INTO parked_act (kind, ref, holder, occurred_at, channel, store, parked_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
            [
                (a.kind, a.ref, a.holder, a.occurred_at, a.channel, a.store, tx.now)
                for a in sorted(acts, key=lambda act: (act.kind, act.ref))
            ],
        )


async def unpark(tx: Tx, holders: Iterable[str]) -> list[Parked]:
    """Those that wait for these holders wait no longer."""
    rows = await tx.fetch(
        "DELETE FROM parked_act WHERE holder = ANY ($1::text[])"
        " RETURNING kind, ref, holder, occurred_at, channel, store",
        list(holders),
    )
    return [Parked(**row) for row in rows]


async def forget_parked(tx: Tx, before: datetime) -> None:
    """Nobody has come for them."""
    await tx.execute("DELETE FROM parked_act WHERE parked_at < $1", before)


async def link(tx: Tx, owners: dict[str, UUID]) -> None:
    """Identifiers by index: whose they are."""
    await tx.execute(
        "INSERT INTO identifier SELECT * FROM unnest($1::text[], $2::uuid[])"
        " ON CONFLICT (index) DO UPDATE SET member_id = excluded.member_id",
        *zip(*sorted(owners.items()), strict=True),
    )


async def owners(tx: Tx, indexes: Iterable[str]) -> dict[str, UUID]:
    """Whose these are, as they were linked: merged members may be among them."""
    rows = await tx.fetch(
        "SELECT index, member_id FROM identifier WHERE index = ANY ($1::text[])", list(indexes)
    )
    return {row["index"]: row["member_id"] for row in rows}


async def sight(tx: Tx, sightings: Collection[tuple[str, str]]) -> None:
    """(holder, device): somebody used a device."""
    await tx.execute(
        "INSERT INTO device_sighting (holder, device)"
        " SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING",
        *zip(*sorted(sightings), strict=True),
    )


async def devices(tx: Tx, members: Sequence[UUID]) -> set[str]:
    """Devices that these ids, all of one person, were seen with."""
    rows = await tx.fetch(
        "WITH own AS (SELECT index FROM identifier WHERE member_id = ANY ($1::uuid[]))"
        " SELECT index AS device FROM own WHERE index LIKE 'device_id:%'"
        " UNION SELECT device FROM device_sighting WHERE holder IN"
        " (SELECT index FROM own UNION SELECT 'member:' || unnest($1::uuid[]))",
        list(members),
    )
    return {row["device"] for row in rows}


async def questionnaires(tx: Tx) -> list[dict[str, Any]]:
    """All definitions."""
    rows = await tx.fetch("SELECT definition FROM questionnaire ORDER BY questionnaire_id")
    return [row["definition"] for row in rows]


async def questionnaire(tx: Tx, questionnaire_id: str) -> dict[str, Any] | None:
    """A definition."""
    told: dict[str, Any] | None = await tx.fetchval(
        "SELECT definition FROM questionnaire WHERE questionnaire_id = $1", questionnaire_id
    )
    return told


async def add_questionnaire(
    tx: Tx, questionnaire_id: str, definition: dict[str, Any], author: str
) -> bool:
    """A new one; False if its id is taken."""
    tag = await tx.execute(
        "INSERT INTO questionnaire (questionnaire_id, definition, written_at, written_by)"
        " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        questionnaire_id, definition, tx.now, author,
    )  # fmt: skip
    return tag.endswith("1")


async def add_answers(
    tx: Tx, questionnaire_id: str, member_id: UUID, answers: dict[str, list[str]]
) -> bool:
    """A member's answers; False if there are some already."""
    tag = await tx.execute(
        "INSERT INTO questionnaire_answer (questionnaire_id, member_id, answers, answered_at)"
        " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        questionnaire_id, member_id, answers, tx.now,
    )  # fmt: skip
    return tag.endswith("1")

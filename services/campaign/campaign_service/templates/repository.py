"""Templates, in and out of the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Tx
from contracts.templates import TemplateRequest, TemplateVersionRequest


@dataclass(frozen=True, slots=True)
class Stored:
    """A template in one version; documents as they are stored."""

    seq: int
    template_id: UUID
    key: str
    scene: str
    purpose: str
    name: dict[str, str]
    version: int
    author: str
    created_at: datetime
    contents: list[dict[str, Any]]
    defaults: dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Sampled:
    """A member that a preview is made for, and when it bought last."""

    member_id: UUID
    language: str
    last_order_at: datetime | None


_COLUMNS = (
    "t.seq, t.template_id, t.key, t.scene, t.purpose, t.name, v.version, v.author, v.created_at,"
    " v.contents, v.defaults"
)


async def add(tx: Tx, template_id: UUID, body: TemplateRequest, author: str) -> bool:
    """A template in its first version; False where the key is taken."""
    added = await tx.fetchval(
        "INSERT INTO template (template_id, key, scene, purpose, name, version)"
        " VALUES ($1, $2, $3, $4, $5, 1) ON CONFLICT (key) DO NOTHING RETURNING seq",
        template_id, body.key, body.scene, body.purpose, body.name.model_dump(),
    )  # fmt: skip
    if added is None:
        return False
    await _add_version(tx, template_id, 1, body, author)
    return True


async def next_version(
    tx: Tx, template_id: UUID, body: TemplateVersionRequest, author: str
) -> None:
    """One more version, which is the newest from now on."""
    version = await tx.fetchval(
        "UPDATE template SET version = version + 1 WHERE template_id = $1 RETURNING version",
        template_id,
    )
    await _add_version(tx, template_id, version, body, author)


async def get(tx: Tx, template_id: UUID, version: int | None) -> Stored | None:
    """A template in this version, or the newest."""
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM template t JOIN template_version v"
        " ON v.template_id = t.template_id AND v.version = coalesce($2::int, t.version)"
        " WHERE t.template_id = $1",
        template_id, version,
    )  # fmt: skip
    return Stored(**row) if row else None


async def by_key(tx: Tx, key: str, version: int | None = None) -> Stored | None:
    """A template in this version, or the newest."""
    template_id = await tx.fetchval("SELECT template_id FROM template WHERE key = $1", key)
    return await get(tx, template_id, version) if template_id else None


async def page(tx: Tx, before: int | None, limit: int) -> list[Stored]:
    """Templates in their newest versions, newest templates first."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM template t JOIN template_version v USING (template_id, version)"
        " WHERE $1::bigint IS NULL OR t.seq < $1 ORDER BY t.seq DESC LIMIT $2",
        before, limit,
    )  # fmt: skip
    return [Stored(**row) for row in rows]


async def sample(tx: Tx, salt: str, limit: int) -> list[Sampled]:
    """Members picked evenly: the same ones for the same salt."""
    rows = await tx.fetch(
        "SELECT member_id, language, last_order_at FROM member"
        " ORDER BY md5($1 || member_id::text) LIMIT $2",
        salt, limit,
    )  # fmt: skip
    return [Sampled(**row) for row in rows]


async def missing(tx: Tx, keys: Sequence[str]) -> set[str]:
    """Those of the keys that no template has."""
    rows = await tx.fetch("SELECT key FROM template WHERE key = ANY($1::text[])", list(keys))
    return set(keys) - {row["key"] for row in rows}


async def _add_version(
    tx: Tx, template_id: UUID, version: int, body: TemplateVersionRequest, author: str
) -> None:
    await tx.execute(
        "INSERT INTO template_version (template_id, version, author, created_at, contents,"
        " defaults) VALUES ($1, $2, $3, $4, $5, $6)",
        template_id, version, author, tx.now,
        [each.model_dump() for each in body.contents],
        {name: words.model_dump() for name, words in body.defaults.items()},
    )  # fmt: skip

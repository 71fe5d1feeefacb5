"""The notices: versions in two languages, each with the hash that answers refer to."""

import hashlib
from collections.abc import Mapping
from typing import Any

import rfc8785

from chassis.database import Tx
from contracts.gateway import consents as api
from gateway_service.consent.defaults import DEFAULTS
from gateway_service.consent.domain import Notice

_COLUMNS = "purpose, version, zh, en, material, hash, published_at"


def hash_of(purpose: str, version: int, zh: api.NoticeText, en: api.NoticeText) -> str:
    """SHA-256, in hex, of the notice as canonical JSON (RFC 8785)."""
    content: dict[str, Any] = {
        "purpose": purpose, "version": version, "zh": zh.model_dump(), "en": en.model_dump(),
    }  # fmt: skip
    return hashlib.sha256(rfc8785.dumps(content)).hexdigest()


async def first(tx: Tx) -> None:
    """Version 1 of every purpose that has no notice yet: texts to begin with."""
    known = await in_force(tx)
    for wish in DEFAULTS:
        if wish.purpose not in known:
            await publish(tx, wish)


async def publish(tx: Tx, wish: api.NoticeRequest) -> api.Notice:
    """The next version of a purpose's notice; versions of one purpose are published in turn."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('gateway:notices'))")
    last = await tx.fetchval(
        "SELECT coalesce(max(version), 0) FROM notice WHERE purpose = $1", wish.purpose
    )
    material = wish.material or not last  # the first one is new to everybody
    version = last + 1
    notice = api.Notice(
        purpose=wish.purpose, version=version, zh=wish.zh, en=wish.en, material=material,
        hash=hash_of(wish.purpose, version, wish.zh, wish.en), published_at=tx.now,
    )  # fmt: skip
    await tx.execute(
        f"INSERT INTO notice ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        notice.purpose, version, wish.zh.model_dump(), wish.en.model_dump(), material,
        notice.hash, notice.published_at,
    )  # fmt: skip
    return notice


async def listed(tx: Tx, *, history: bool) -> api.Notices:
    """Notices in force, or every version there was."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM notice n WHERE $1 OR version ="
        " (SELECT max(version) FROM notice WHERE purpose = n.purpose)"
        " ORDER BY purpose, version DESC",
        history,
    )
    return api.Notices(data=[api.Notice(**row) for row in rows])


async def in_force(tx: Tx) -> Mapping[str, Notice]:
    """The notice in force of each purpose, and from which version on a yes counts."""
    rows = await tx.fetch(
        "SELECT DISTINCT ON (purpose) purpose, version, hash,"
        " max(version) FILTER (WHERE material) OVER (PARTITION BY purpose) AS floor"
        " FROM notice ORDER BY purpose, version DESC"
    )
    return {row["purpose"]: Notice(row["version"], row["hash"], row["floor"]) for row in rows}

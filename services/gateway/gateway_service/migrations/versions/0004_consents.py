"""Consents become chains of answers, and notices get versions."""

import hashlib
import json
from datetime import UTC
from typing import Any

from alembic import op

from chassis.migrations import run_sql

revision = "gateway_0004"
down_revision = "gateway_0003"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE notice (
    purpose text NOT NULL,
    version int NOT NULL CHECK (version > 0),
    zh jsonb NOT NULL,
    en jsonb NOT NULL,
    material boolean NOT NULL,
    hash text NOT NULL,
    published_at timestamptz NOT NULL,
    PRIMARY KEY (purpose, version)
);
REVOKE UPDATE, DELETE ON notice FROM huiyuan_gateway;
CREATE TABLE consent_event (
    member_id uuid NOT NULL,
    number int NOT NULL,
    at timestamptz NOT NULL,
    purpose text NOT NULL,
    channel text NOT NULL,
    state text NOT NULL CHECK (state IN ('granted', 'refused', 'withdrawn')),
    notice_version int,
    notice_hash text,
    ref uuid NOT NULL,
    asked_where text NOT NULL,
    asked_how text NOT NULL,
    initiative text NOT NULL,
    by_role text NOT NULL,
    by_subject text NOT NULL,
    inherited_from uuid,
    hash bytea NOT NULL,
    PRIMARY KEY (member_id, number)
);
CREATE INDEX consent_event_ref ON consent_event (ref);
CREATE UNIQUE INDEX consent_event_act ON consent_event (ref)
    WHERE state = 'granted' AND inherited_from IS NULL;
REVOKE UPDATE, DELETE ON consent_event FROM huiyuan_gateway;
CREATE TABLE consent_head (
    member_id uuid PRIMARY KEY,
    number int NOT NULL,
    hash bytea NOT NULL
);
ALTER TABLE consent RENAME TO consent_before;
CREATE TABLE consent (
    member_id uuid NOT NULL,
    purpose text NOT NULL,
    channel text NOT NULL,
    state text NOT NULL,
    notice_version int,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (member_id, purpose, channel)
);
"""

CHAIN = """
INSERT INTO consent_event SELECT * FROM jsonb_populate_recordset(NULL::consent_event, %s);
INSERT INTO consent_head SELECT DISTINCT ON (member_id) member_id, number, hash
    FROM consent_event ORDER BY member_id, number DESC;
INSERT INTO consent SELECT member_id, purpose, channel, state, notice_version, at
    FROM consent_event;
"""


def upgrade() -> None:
    """Create the tables. A no stays a no; a yes to no known notice is asked for again."""
    run_sql(op, TABLES)
    rows = op.get_bind().exec_driver_sql(
        "SELECT member_id, channel, changed_at, gen_random_uuid() AS ref FROM consent_before"
        " WHERE purpose = 'marketing' AND NOT granted ORDER BY member_id, channel"
    )
    links = _chained(rows.mappings().all())
    if links:
        run_sql(op, CHAIN % ("'" + json.dumps(links).replace("'", "''") + "'"))
    run_sql(op, "DROP TABLE consent_before;")


def _chained(rows: Any) -> list[dict[str, Any]]:
    """The answers as links, each with its hash (consent/domain.py says of what)."""
    links: list[dict[str, Any]] = []
    for row in rows:
        last = links[-1] if links and links[-1]["member_id"] == str(row["member_id"]) else None
        link: dict[str, Any] = {
            "member_id": str(row["member_id"]),
            "number": last["number"] + 1 if last else 1,
            "at": row["changed_at"].astimezone(UTC).isoformat(),
            "purpose": "marketing",
            "channel": row["channel"],
            "state": "refused",
            "notice_version": None,
            "notice_hash": None,
            "ref": str(row["ref"]),
            "where": "api",
            "how": "button",
            "initiative": "member",
            "by_role": "operator",
            "by_subject": "gateway",
            "inherited_from": None,
        }
        start = hashlib.sha256(b"huiyuan consent chain").digest()
        before = bytes.fromhex(last["hash"][2:]) if last else start
        content = json.dumps(link, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        digest = hashlib.sha256(before + content.encode()).hexdigest()
        links.append(link | {
            "asked_where": link["where"], "asked_how": link["how"], "hash": "\\x" + digest,
        })  # fmt: skip
    return links

"""Members have keys of their own."""

from alembic import op

from chassis.migrations import run_sql

revision = "gateway_0006"
down_revision = "gateway_0005"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE wrapping_key (
    programme text NOT NULL,
    version int NOT NULL,
    wrapped text,
    created_at timestamptz NOT NULL,
    destroyed_at timestamptz,
    PRIMARY KEY (programme, version)
);
CREATE TABLE data_key (
    owner uuid NOT NULL,
    version int NOT NULL,
    wrapping_version int NOT NULL,
    wrapped bytea NOT NULL,
    created_at timestamptz NOT NULL,
    retired_by uuid,
    PRIMARY KEY (owner, version)
);
CREATE INDEX data_key_retired ON data_key (retired_by) WHERE retired_by IS NOT NULL;
CREATE INDEX data_key_wrapping ON data_key (wrapping_version);
CREATE TABLE tombstone (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject bytea NOT NULL,
    generation int NOT NULL,
    erased_at timestamptz NOT NULL,
    UNIQUE (subject, generation)
);
REVOKE UPDATE, DELETE ON tombstone FROM huiyuan_gateway;
CREATE TABLE rotation (
    id uuid PRIMARY KEY,
    scope text NOT NULL,
    member_id uuid,
    stage text NOT NULL,
    begun_at timestamptz NOT NULL,
    destroy_at timestamptz NOT NULL,
    finished_at timestamptz,
    version int NOT NULL,
    place text NOT NULL,
    after text NOT NULL,
    stale bigint NOT NULL,
    rows_seen bigint NOT NULL,
    resealed bigint NOT NULL,
    unreadable bigint NOT NULL
);
CREATE UNIQUE INDEX rotation_one_at_a_time ON rotation ((true)) WHERE stage IN ('keys', 'walk');
ALTER TABLE quarantine DROP CONSTRAINT quarantine_payload_check,
    ADD CONSTRAINT quarantine_payload_check CHECK (payload LIKE 'hy_.%');
ALTER TABLE sandbox_outbox DROP CONSTRAINT sandbox_outbox_recipient_check,
    DROP CONSTRAINT sandbox_outbox_text_check,
    ADD CONSTRAINT sandbox_outbox_recipient_check CHECK (recipient LIKE 'hy_.%'),
    ADD CONSTRAINT sandbox_outbox_text_check CHECK (text LIKE 'hy_.%');
"""


def upgrade() -> None:
    """Keys, tombstones, rotations; what is sealed may have either form."""
    run_sql(op, TABLES)

"""Members, identifiers, merges."""

from alembic import op

from chassis.migrations import create_chassis_tables, run_sql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE member (
    member_id uuid PRIMARY KEY,
    registered_at timestamptz NOT NULL,
    merged_into uuid REFERENCES member CHECK (merged_into <> member_id),
    name text,
    gender text CHECK (gender IN ('male', 'female')),
    birthday text,
    birth_year int,
    birth_month int,
    address text,
    city text,
    language text NOT NULL,
    channel text,
    fingerprint bytea NOT NULL
);
CREATE INDEX member_merged_into ON member (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE identifier (
    index text PRIMARY KEY CHECK (starts_with(index, kind || ':')),
    kind text NOT NULL,
    value text,
    member_id uuid NOT NULL REFERENCES member,
    original_member_id uuid NOT NULL REFERENCES member,
    linked_at timestamptz NOT NULL,
    source text NOT NULL
);
CREATE INDEX identifier_member ON identifier (member_id);

CREATE TABLE merge (
    merge_id uuid PRIMARY KEY,
    survivor_id uuid NOT NULL REFERENCES member,
    absorbed_id uuid NOT NULL REFERENCES member CHECK (absorbed_id <> survivor_id),
    merged_at timestamptz NOT NULL,
    evidence text NOT NULL,
    source text NOT NULL,
    actor text NOT NULL,
    moved jsonb NOT NULL,
    undone_at timestamptz
);
CREATE INDEX merge_survivor ON merge (survivor_id);
CREATE INDEX merge_absorbed ON merge (absorbed_id);
"""


def upgrade() -> None:
    """Create the schema."""
    create_chassis_tables(op)
    run_sql(op, TABLES)

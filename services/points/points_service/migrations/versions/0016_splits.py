"""Merges can be taken back: whose a row was first, and what came along with an absorbed member."""

from alembic import op

from chassis.migrations import run_sql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

SPLITS = """
CREATE TABLE moved (
    kind text NOT NULL,
    key text NOT NULL,
    owner_id uuid NOT NULL,
    PRIMARY KEY (kind, key)
);
CREATE INDEX moved_owner ON moved (owner_id);
CREATE TABLE absorption (
    absorbed_id uuid PRIMARY KEY,
    into_id uuid NOT NULL,
    merge_id uuid NOT NULL,
    absorbed_at timestamptz NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY,
    journal_id uuid,
    tier text NOT NULL,
    carried jsonb NOT NULL
);
CREATE INDEX absorption_into ON absorption (into_id);
CREATE INDEX IF NOT EXISTS orders_member ON orders (member_id);
"""


def upgrade() -> None:
    """Add the tables; merges from before gave up what would be needed."""
    run_sql(op, SPLITS)

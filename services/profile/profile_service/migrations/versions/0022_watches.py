"""Behaviour that somebody waits for, goods back in stock, malls."""

from alembic import op

from chassis.migrations import run_sql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

SCRIPT = """
ALTER TABLE store ADD COLUMN mall text;
CREATE TABLE watching (id int PRIMARY KEY CHECK (id = 1), version bigint NOT NULL);
INSERT INTO watching VALUES (1, 0);
CREATE TABLE watch (name text PRIMARY KEY, within_minutes int NOT NULL);
CREATE TABLE restock (sku text PRIMARY KEY, back_at timestamptz NOT NULL);
"""


def upgrade() -> None:
    """Add the tables."""
    run_sql(op, SCRIPT)

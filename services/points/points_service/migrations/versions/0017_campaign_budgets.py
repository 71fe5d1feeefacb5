"""What campaigns' offers may cost is set aside when their plans are approved."""

from alembic import op

from chassis.migrations import run_sql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

BUDGETS = """
CREATE TABLE campaign_budget (
    reservation_id uuid PRIMARY KEY,
    campaign_id uuid NOT NULL,
    contacts bigint NOT NULL CHECK (contacts >= 0),
    each_fen bigint NOT NULL CHECK (each_fen >= 0),
    points int NOT NULL CHECK (points >= 0),
    granted bigint NOT NULL CHECK (granted BETWEEN 0 AND contacts),
    state text NOT NULL CHECK (state IN ('reserved', 'refused', 'released', 'settled')),
    reason text,
    reserved_at timestamptz NOT NULL
);
CREATE INDEX campaign_budget_open ON campaign_budget (state) WHERE state <> 'settled';
"""


def upgrade() -> None:
    """No row has to change."""
    run_sql(op, BUDGETS)

"""What campaigns are known to have brought."""

from alembic import op

from chassis.migrations import run_sql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

SCRIPT = """
CREATE TABLE campaign_effect (
    campaign_id uuid PRIMARY KEY REFERENCES campaign,
    scenario text NOT NULL,
    offer text NOT NULL,
    fen float8 NOT NULL,
    error float8 NOT NULL CHECK (error >= 0),
    contacts bigint NOT NULL,
    known_at timestamptz NOT NULL
);
"""


def upgrade() -> None:
    """What was measured before is learnt on the next nights."""
    run_sql(op, SCRIPT)

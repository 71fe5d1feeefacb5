"""By which channels members may be written to, and can be."""

from alembic import op

from chassis.migrations import run_sql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

SCRIPT = """
CREATE TABLE contactable (
    member_id uuid PRIMARY KEY,
    agreed int NOT NULL DEFAULT 0,
    reach int NOT NULL DEFAULT 0,
    suppressed int NOT NULL DEFAULT 0,
    barred int NOT NULL DEFAULT 0,
    prefers text,
    prefers_version bigint NOT NULL DEFAULT -1
);
"""


def upgrade() -> None:
    """Filled by what is told from now on."""
    run_sql(op, SCRIPT)

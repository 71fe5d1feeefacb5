"""Members by the last four characters of an identifier."""

from alembic import op

from chassis.migrations import run_sql

revision = "gateway_0017"
down_revision = "gateway_0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    run_sql(
        op,
        """
        CREATE TABLE identifier_tail (
            index text PRIMARY KEY,
            tail bytea NOT NULL,
            member_id uuid NOT NULL
        );
        CREATE INDEX identifier_tail_tail ON identifier_tail (tail, index);
        CREATE INDEX ix_identifier_tail_member_id ON identifier_tail (member_id);
        """,
    )

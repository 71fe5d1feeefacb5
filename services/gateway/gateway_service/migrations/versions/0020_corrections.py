"""What was corrected in what was told about members."""

from alembic import op

from chassis.migrations import run_sql

revision = "gateway_0020"
down_revision = "gateway_0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    run_sql(
        op,
        """
        CREATE TABLE correction (
            id uuid PRIMARY KEY,
            corrected_at timestamptz NOT NULL,
            member_id uuid,
            source text NOT NULL,
            field text NOT NULL,
            rule text NOT NULL,
            before text,
            after text
        );
        CREATE INDEX correction_member ON correction (member_id, corrected_at, id)
            WHERE member_id IS NOT NULL;
        CREATE INDEX correction_at ON correction (corrected_at);
        """,
    )

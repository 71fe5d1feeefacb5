"""What became of surveys' invitations after they were sent."""

from alembic import op

from chassis.migrations import run_sql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

SCRIPT = """
ALTER TABLE survey_invitation DROP CONSTRAINT survey_invitation_status_check,
    ADD CONSTRAINT survey_invitation_status_check CHECK (status IN ('waiting', 'requested', 'sent',
        'refused', 'delivered', 'failed', 'unknown'));
"""


def upgrade() -> None:
    """No row has to change."""
    run_sql(op, SCRIPT)

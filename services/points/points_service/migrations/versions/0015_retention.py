"""What the nightly retention looks rows up by."""

from alembic import op

from chassis.migrations import run_sql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

SCRIPT = """
CREATE INDEX benefit_application_by_time ON benefit_application USING brin (changed_at);
CREATE INDEX questionnaire_answer_by_time ON questionnaire_answer USING brin (answered_at);
CREATE INDEX member_month_by_time ON member_month USING brin (month);
"""


def upgrade() -> None:
    """Add the indexes."""
    run_sql(op, SCRIPT)

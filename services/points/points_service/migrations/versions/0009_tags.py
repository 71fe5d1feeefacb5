"""Tags come whole, a row a member, with a version: whatever comes late or twice changes nothing."""

from alembic import op

from chassis.migrations import run_sql

revision = "0009"
down_revision = "0008"

TAGS = """
DROP TABLE member_tag;
CREATE TABLE member_tags (
    member_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    tags jsonb NOT NULL
);
"""


def upgrade() -> None:
    """Nothing was told before; profile tells everybody's after its own upgrade."""
    run_sql(op, TAGS)

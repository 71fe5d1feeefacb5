"""Every wording of a plan stays, with what people said to it."""

from alembic import op

from chassis.migrations import run_sql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

SCRIPT = """
ALTER TABLE campaign ADD COLUMN plan_version int NOT NULL DEFAULT 1, ADD COLUMN reviser text;
ALTER TABLE campaign ALTER COLUMN plan_version DROP DEFAULT,
    ADD CHECK (approver <> reviser);
CREATE TABLE campaign_plan (
    campaign_id uuid NOT NULL REFERENCES campaign,
    plan_version int NOT NULL,
    plan jsonb NOT NULL,
    author text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (campaign_id, plan_version)
);
INSERT INTO campaign_plan SELECT campaign_id, 1, plan, author, created_at FROM campaign;
CREATE TABLE campaign_comment (
    comment_id uuid PRIMARY KEY,
    campaign_id uuid NOT NULL REFERENCES campaign,
    plan_version int NOT NULL,
    author text NOT NULL,
    at timestamptz NOT NULL,
    text text NOT NULL
);
CREATE INDEX ix_campaign_comment_campaign_id ON campaign_comment (campaign_id);
"""


def upgrade() -> None:
    """What is planned by now is the first wording."""
    run_sql(op, SCRIPT)

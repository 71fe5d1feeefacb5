"""Contacts that are asked for: by occasion and step, with values for the text."""

from alembic import op

from chassis.migrations import run_sql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SCRIPT = """
ALTER TABLE contact_decision ADD COLUMN step text NOT NULL DEFAULT '',
    DROP CONSTRAINT contact_decision_campaign_id_original_member_id_lapse_key,
    ADD CONSTRAINT contact_decision_once UNIQUE (campaign_id, original_member_id, lapse, step);
ALTER TABLE delivery ADD COLUMN step text NOT NULL DEFAULT '',
    ADD COLUMN values jsonb NOT NULL DEFAULT '{}';
"""


def upgrade() -> None:
    """Every row so far was the only one of its occasion."""
    run_sql(op, SCRIPT)

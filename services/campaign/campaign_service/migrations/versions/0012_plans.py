"""A campaign keeps its whole plan as one document."""

from alembic import op

from chassis.migrations import run_sql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

SCRIPT = """
ALTER TABLE campaign ADD COLUMN plan jsonb;
UPDATE campaign SET plan = jsonb_build_object(
    'name', name, 'scenario', scenario, 'audience', audience, 'trigger', trigger,
    'offer', jsonb_build_object('kind', 'percent', 'percent_off', percent_off,
        'valid_days', valid_days),
    'content', jsonb_build_object('texts', jsonb_build_object('zh', text_zh, 'en', text_en)),
    'channels', jsonb_build_array(channel), 'control_share', control_share,
    'schedule', jsonb_strip_nulls(jsonb_build_object('starts_on', starts_on, 'ends_on', ends_on)),
    'budget', jsonb_build_object('amount', budget_fen, 'currency', 'CNY'));
ALTER TABLE campaign ALTER COLUMN plan SET NOT NULL,
    DROP COLUMN scenario, DROP COLUMN channel, DROP COLUMN audience, DROP COLUMN trigger,
    DROP COLUMN percent_off, DROP COLUMN valid_days, DROP COLUMN control_share,
    DROP COLUMN starts_on, DROP COLUMN ends_on, DROP COLUMN text_zh, DROP COLUMN text_en,
    DROP COLUMN budget_fen;
"""


def upgrade() -> None:
    """What was a column is a part of the document."""
    run_sql(op, SCRIPT)

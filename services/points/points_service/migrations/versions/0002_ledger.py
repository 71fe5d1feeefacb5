"""Lanes, hash chain, checkpoints, and the kinds of account."""

from alembic import op

from chassis.migrations import run_sql

revision = "0002"
down_revision = "0001"

SCHEMA = """
ALTER TABLE account DROP CONSTRAINT account_kind_check, DROP CONSTRAINT member_not_negative,
    DROP CONSTRAINT debt_not_positive;
ALTER TABLE account ADD CHECK (kind IN (
    'member', 'held', 'debt', 'issuing', 'honouring', 'breakage', 'partner',
    'stored_principal', 'stored_bonus', 'cash', 'sales', 'promotion', 'budget', 'funding',
    'discount'
));
ALTER TABLE account ADD CONSTRAINT not_below_zero CHECK (balance >= 0 OR kind NOT IN (
    'member', 'held', 'stored_principal', 'stored_bonus', 'budget'
));
ALTER TABLE account ADD CONSTRAINT not_above_zero CHECK (balance <= 0 OR kind <> 'debt');
"""


def upgrade() -> None:
    """Create everything."""
    run_sql(op, SCHEMA)

"""Invitations that members make, and who came by them."""

from alembic import op

from chassis.migrations import run_sql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

SCRIPT = """
CREATE TABLE invitation_page (
    page_id uuid PRIMARY KEY,
    activity_id uuid NOT NULL REFERENCES activity,
    member_id uuid NOT NULL,
    original_member_id uuid NOT NULL,
    design text NOT NULL,
    words text,
    referral_code text,
    made_at timestamptz NOT NULL,
    UNIQUE (activity_id, original_member_id)
);
CREATE INDEX invitation_page_by_member ON invitation_page (member_id);
CREATE TABLE guest (
    activity_id uuid NOT NULL REFERENCES activity,
    original_member_id uuid NOT NULL,
    member_id uuid NOT NULL,
    page_id uuid NOT NULL,
    signed_up_at timestamptz NOT NULL,
    PRIMARY KEY (activity_id, original_member_id)
);
CREATE INDEX guest_by_page ON guest (page_id);
CREATE INDEX guest_by_member ON guest (member_id);
"""


def upgrade() -> None:
    """Add the tables."""
    run_sql(op, SCRIPT)

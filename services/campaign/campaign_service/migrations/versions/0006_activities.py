"""Activities with sign-ups, votes; communities; who brought whom."""

from alembic import op

from chassis.migrations import run_sql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SCRIPT = """
CREATE TABLE activity (
    activity_id uuid PRIMARY KEY,
    seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    document jsonb NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    signup_until timestamptz NOT NULL,
    capacity int NOT NULL,
    waiting int NOT NULL,
    confirmed int NOT NULL DEFAULT 0 CHECK (confirmed BETWEEN 0 AND capacity),
    queued int NOT NULL DEFAULT 0 CHECK (queued BETWEEN 0 AND waiting),
    author text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE TABLE signup (
    place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    activity_id uuid NOT NULL REFERENCES activity,
    member_id uuid NOT NULL,
    original_member_id uuid NOT NULL,
    status text NOT NULL CHECK (status IN ('confirmed', 'waiting', 'cancelled')),
    signed_up_at timestamptz NOT NULL,
    checked_in_at timestamptz
);
CREATE UNIQUE INDEX signup_once ON signup (activity_id, original_member_id)
    WHERE status <> 'cancelled';
CREATE INDEX signup_by_activity ON signup (activity_id, place);
CREATE INDEX signup_by_member ON signup (member_id);
CREATE TABLE vote (
    activity_id uuid NOT NULL REFERENCES activity,
    original_member_id uuid NOT NULL,
    member_id uuid NOT NULL,
    option text NOT NULL,
    voted_at timestamptz NOT NULL,
    PRIMARY KEY (activity_id, original_member_id)
);
CREATE INDEX vote_by_member ON vote (member_id);
CREATE TABLE community (interest text PRIMARY KEY, name jsonb NOT NULL);
CREATE TABLE community_member (
    interest text NOT NULL REFERENCES community,
    original_member_id uuid NOT NULL,
    member_id uuid NOT NULL,
    joined_at timestamptz NOT NULL,
    PRIMARY KEY (interest, original_member_id)
);
CREATE INDEX community_member_by_member ON community_member (member_id);
CREATE TABLE follower (
    referred_id uuid PRIMARY KEY,
    member_id uuid NOT NULL,
    original_member_id uuid NOT NULL,
    rewarded_at timestamptz NOT NULL
);
CREATE INDEX follower_by_member ON follower (member_id);
CREATE TABLE share (
    original_member_id uuid NOT NULL,
    shared_at timestamptz NOT NULL,
    member_id uuid NOT NULL,
    shares int NOT NULL,
    PRIMARY KEY (original_member_id, shared_at)
);
CREATE INDEX share_by_member ON share (member_id);
"""


def upgrade() -> None:
    """Add the tables."""
    run_sql(op, SCRIPT)

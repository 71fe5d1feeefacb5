"""Match keys of members, what was learnt of them, and pairs that may be one person."""

from alembic import op

from chassis.migrations import run_sql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    run_sql(
        op,
        """
        CREATE TABLE match_keys (
            member_id uuid PRIMARY KEY REFERENCES member (member_id),
            keys bytea NOT NULL,
            trusted boolean NOT NULL,
            derived_at timestamptz NOT NULL,
            blocks bigint[]
        );
        CREATE INDEX match_keys_blocks ON match_keys USING gin (blocks);
        CREATE INDEX match_keys_untold ON match_keys (derived_at) WHERE blocks IS NULL;
        CREATE INDEX match_keys_derived_at ON match_keys (derived_at);

        CREATE TABLE merge_review (
            review_id uuid PRIMARY KEY,
            survivor_id uuid NOT NULL REFERENCES member (member_id),
            absorbed_id uuid NOT NULL REFERENCES member (member_id),
            bits double precision NOT NULL,
            evidence jsonb NOT NULL,
            state text NOT NULL CHECK (state IN ('open', 'merged', 'apart')),
            found_at timestamptz NOT NULL,
            decided_at timestamptz,
            decided_by text,
            merge_id uuid REFERENCES merge (merge_id),
            UNIQUE (survivor_id, absorbed_id)
        );
        CREATE INDEX ix_merge_review_absorbed_id ON merge_review (absorbed_id);
        CREATE INDEX merge_review_open ON merge_review (bits DESC, review_id) WHERE state = 'open';

        CREATE TABLE likeness_weights (
            learnt_at timestamptz PRIMARY KEY,
            population integer NOT NULL,
            weights jsonb NOT NULL
        );
        """,
    )

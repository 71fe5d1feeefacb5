"""Merges can be undone: whose own an attribute is, the sequence of merges, who stays apart."""

from alembic import op

from chassis.migrations import run_sql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SPLITS = """
ALTER TABLE member ADD COLUMN filled jsonb NOT NULL DEFAULT '{}';
ALTER TABLE merge ADD COLUMN seq bigint GENERATED ALWAYS AS IDENTITY;
CREATE TABLE kept_apart (
    one uuid NOT NULL REFERENCES member,
    other uuid NOT NULL REFERENCES member,
    merge_id uuid NOT NULL REFERENCES merge,
    since timestamptz NOT NULL,
    PRIMARY KEY (one, other)
);
CREATE INDEX kept_apart_other ON kept_apart (other);
CREATE FUNCTION pg_temp.note_fills() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    done record;
    name text;
BEGIN
    FOR done IN SELECT * FROM merge WHERE undone_at IS NULL ORDER BY merged_at, seq LOOP
        FOR name IN SELECT jsonb_array_elements_text(done.moved->'filled') LOOP
            UPDATE member s SET filled = s.filled || jsonb_build_object(
                name, coalesce(g.filled->>name, g.member_id::text))
            FROM member g WHERE s.member_id = done.survivor_id AND g.member_id = done.absorbed_id
                AND to_jsonb(s)->name = to_jsonb(g)->name;
        END LOOP;
    END LOOP;
END $$;
SELECT pg_temp.note_fills();
"""


def upgrade() -> None:
    """Add them; attributes that merges filled and nobody corrected since are known as such."""
    run_sql(op, SPLITS)

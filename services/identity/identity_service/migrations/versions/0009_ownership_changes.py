"""What changes of who owns what, for those who remember it."""

from alembic import op

from chassis.migrations import run_sql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The table begins with a row, so that whoever reads can tell that rows are gone."""
    run_sql(
        op,
        """
        CREATE TABLE ownership_change (
            seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            keys text[]
        );
        INSERT INTO ownership_change (keys) VALUES (NULL);

        CREATE FUNCTION identifiers_came_or_went() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT FROM changed) THEN
                PERFORM pg_advisory_xact_lock(hashtext('identity:ownership'));
                INSERT INTO ownership_change (keys) SELECT array_agg(index) FROM changed;
            END IF;
            RETURN NULL;
        END $$;
        CREATE TRIGGER came AFTER INSERT ON identifier REFERENCING NEW TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION identifiers_came_or_went();
        CREATE TRIGGER went AFTER DELETE ON identifier REFERENCING OLD TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION identifiers_came_or_went();

        CREATE FUNCTION identifiers_changed_hands() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            moved text[];
        BEGIN
            SELECT array_agg(now.index) INTO moved FROM now JOIN was USING (index)
                WHERE (now.member_id, now.proven) <> (was.member_id, was.proven);
            IF moved IS NOT NULL THEN
                PERFORM pg_advisory_xact_lock(hashtext('identity:ownership'));
                INSERT INTO ownership_change (keys) VALUES (moved);
            END IF;
            RETURN NULL;
        END $$;
        CREATE TRIGGER changed_hands AFTER UPDATE ON identifier
            REFERENCING OLD TABLE AS was NEW TABLE AS now
            FOR EACH STATEMENT EXECUTE FUNCTION identifiers_changed_hands();

        CREATE FUNCTION members_answer_otherwise() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            moved text[];
        BEGIN
            SELECT array_agg(now.member_id::text) INTO moved FROM now JOIN was USING (member_id)
                WHERE (now.merged_into, now.erased_at)
                IS DISTINCT FROM (was.merged_into, was.erased_at);
            IF moved IS NOT NULL THEN
                PERFORM pg_advisory_xact_lock(hashtext('identity:ownership'));
                INSERT INTO ownership_change (keys) VALUES (moved);
            END IF;
            RETURN NULL;
        END $$;
        CREATE TRIGGER answer_otherwise AFTER UPDATE ON member
            REFERENCING OLD TABLE AS was NEW TABLE AS now
            FOR EACH STATEMENT EXECUTE FUNCTION members_answer_otherwise();
        """,
    )

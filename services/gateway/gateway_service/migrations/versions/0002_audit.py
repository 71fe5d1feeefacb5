"""The audit in hash-chained lanes, with checkpoints; plain reads that were written before follow.

`gateway_service.audit.chain` computes the same hashes in Python.
"""

from alembic import op

from chassis.migrations import run_sql

revision = "gateway_0002"
down_revision = "gateway_0001"
branch_labels = None
depends_on = None

LANES = 8

TABLES = f"""
ALTER TABLE audit_entry RENAME TO plain_read;
ALTER INDEX audit_entry_pkey RENAME TO plain_read_pkey;
DROP INDEX audit_entry_newest;
CREATE TABLE audit_entry (
    lane smallint NOT NULL,
    number bigint NOT NULL,
    body text NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (lane, number)
);
-- What is searched for comes from the body alone: there is no second copy that could differ.
CREATE VIEW audit AS
SELECT lane, number, body,
    (body::jsonb ->> 'at') COLLATE "C" AS at,
    (body::jsonb ->> 'id') COLLATE "C" AS id,
    body::jsonb ->> 'subject' AS subject,
    body::jsonb ->> 'action' AS action,
    body::jsonb -> 'members' AS members
FROM audit_entry;
CREATE INDEX audit_entry_newest ON audit_entry
    (((body::jsonb ->> 'at') COLLATE "C") DESC, ((body::jsonb ->> 'id') COLLATE "C") DESC);
CREATE INDEX audit_entry_members ON audit_entry USING gin ((body::jsonb -> 'members'));
CREATE TABLE lane (
    lane smallint PRIMARY KEY,
    head bigint NOT NULL,
    hash bytea NOT NULL
);
INSERT INTO lane
SELECT n, 0, sha256(convert_to('huiyuan audit lane ' || n, 'UTF8'))
FROM generate_series(0, {LANES - 1}) AS n;
CREATE TABLE checkpoint (
    checkpoint_id bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    heads bigint[] NOT NULL,
    hashes bytea[] NOT NULL,
    entries bigint NOT NULL CHECK (entries > 0),
    root bytea NOT NULL,
    previous bytea NOT NULL,
    key_id text NOT NULL,
    signature bytea NOT NULL
);
"""

# A free lane is taken and kept until the commit, so writers do not wait for each other.
APPEND = f"""
CREATE FUNCTION audit_append(bodies text[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    taken smallint;
    last bigint;
    chained bytea;
    entry text;
BEGIN
    SELECT l.lane, l.head, l.hash INTO taken, last, chained FROM lane l
    ORDER BY l.lane LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        SELECT l.lane, l.head, l.hash INTO taken, last, chained FROM lane l
        WHERE l.lane = pg_backend_pid() % {LANES} FOR UPDATE;
    END IF;
    FOREACH entry IN ARRAY bodies LOOP
        last := last + 1;
        chained := sha256(
            chained || int2send(taken) || int8send(last) || convert_to(entry, 'UTF8')
        );
        INSERT INTO audit_entry (lane, number, body, hash) VALUES (taken, last, entry, chained);
    END LOOP;
    UPDATE lane l SET head = last, hash = chained WHERE l.lane = taken;
END $$;
-- It runs with its owner's rights: nothing but this schema may be found by its names.
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION audit_append SET search_path = %I, pg_temp', current_schema());
END $$;
REVOKE ALL ON FUNCTION audit_append FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_append TO huiyuan_gateway;
"""

BEFORE = """
SELECT audit_append(array_agg(format(
    '{"action":"read","at":%s,"decision":"plain","fields":[%s],"id":%s,"members":[%s],'
    || '"operation":%s,"purpose":%s,"role":%s,"subject":%s,"ticket":%s,"trace_id":%s}',
    to_json(to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')),
    (SELECT string_agg(to_json(k)::text, ',' ORDER BY k COLLATE "C") FROM unnest(kinds) AS k),
    to_json(id),
    (SELECT string_agg(to_json(m)::text, ',' ORDER BY m) FROM unnest(members) AS m),
    to_json(operation),
    coalesce(to_json(nullif(purpose, ''))::text, 'null'),
    to_json(role), to_json(subject), coalesce(to_json(ticket)::text, 'null'), to_json(trace_id)
) ORDER BY at, id)) FROM plain_read HAVING count(*) > 0;
DROP TABLE plain_read;
"""

RIGHTS = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION refuse();
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON audit_entry, lane FROM huiyuan_gateway;
REVOKE UPDATE, DELETE, TRUNCATE ON checkpoint FROM huiyuan_gateway;
"""


def upgrade() -> None:
    """Create everything."""
    for script in (TABLES, APPEND, BEFORE, RIGHTS):
        run_sql(op, script)

"""Lanes, hash chain, checkpoints, and the kinds of account.

A lane is a chain of entries: whoever posts takes a free one, so that callers on the same busy
account do not wait for each other, and each entry's hash covers its own content and the hash of
the entry before it in its lane. `points_service.ledger.chain` computes the same in Python.
"""

from alembic import op

from chassis.migrations import run_sql

revision = "0002"
down_revision = "0001"

LANES = 8

ACCOUNTS = """
ALTER TABLE account DROP CONSTRAINT account_kind_check, DROP CONSTRAINT member_not_negative,
    DROP CONSTRAINT debt_not_positive, DROP CONSTRAINT account_kind_owner_key,
    ADD COLUMN lane smallint NOT NULL DEFAULT 0;
ALTER TABLE account ADD UNIQUE (owner, kind, lane);
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

CHAIN = f"""
CREATE TABLE lane (
    lane smallint PRIMARY KEY,
    head bigint NOT NULL,
    hash bytea NOT NULL
);
INSERT INTO lane
SELECT n, 0, sha256(convert_to('huiyuan ledger lane ' || n, 'UTF8'))
FROM generate_series(0, {LANES - 1}) AS n;

-- What of an entry is hashed: fixed-width numbers first, then texts with their lengths.
CREATE FUNCTION canonical(
    entry_id bigint, lane smallint, journal_id uuid, occurred_at timestamptz,
    posted_at timestamptz, amount bigint, journal_kind text, ref text, account_kind text,
    owner text
) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE  -- not IMMUTABLE: it would not be inlined
RETURN int8send(entry_id) || int2send(lane) || uuid_send(journal_id)
    || timestamptz_send(occurred_at) || timestamptz_send(posted_at) || int8send(amount)
    || int4send(octet_length(journal_kind)) || convert_to(journal_kind, 'UTF8')
    || int4send(octet_length(ref)) || convert_to(ref, 'UTF8')
    || int4send(octet_length(account_kind)) || convert_to(account_kind, 'UTF8')
    || int4send(octet_length(owner)) || convert_to(owner, 'UTF8');

DROP TRIGGER balanced ON entry;  -- post looks itself, by unit
DROP FUNCTION balanced;
ALTER TABLE entry ADD COLUMN lane smallint, ADD COLUMN hash bytea;
ALTER TABLE entry DISABLE TRIGGER append_only;
DO $$
DECLARE
    found record;
    chained bytea;
    last bigint;
BEGIN
    SELECT hash, head INTO chained, last FROM lane WHERE lane = 0;
    FOR found IN
        SELECT entry_id, canonical(
            entry_id, 0::smallint, journal_id, occurred_at, posted_at, amount, j.kind, ref,
            a.kind, owner
        ) AS form
        FROM entry JOIN journal j USING (journal_id) JOIN account a USING (account_id)
        ORDER BY entry_id
    LOOP
        chained := sha256(chained || found.form);
        last := found.entry_id;
        UPDATE entry SET lane = 0, hash = chained WHERE entry_id = found.entry_id;
    END LOOP;
    UPDATE lane SET head = last, hash = chained WHERE lane.lane = 0;
END $$;
ALTER TABLE entry ENABLE TRIGGER append_only,
    ALTER COLUMN lane SET NOT NULL, ALTER COLUMN hash SET NOT NULL;
CREATE INDEX entry_by_id ON entry USING brin (entry_id) WITH (pages_per_range = 32);
"""

# Lock order: a lane, then accounts by id. Who holds a lane waits for accounts only, and accounts
# are locked by nobody without a lane, so posting cannot deadlock.
POST = f"""
DROP FUNCTION post;
CREATE FUNCTION post(
    posted timestamptz,
    journal_ids uuid[], kinds text[], refs text[], occurred timestamptz[],
    account_kinds text[], owners text[],  -- every account once
    places int[], touched int[], amounts bigint[]  -- an entry: its journal, its account, how much
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    -- Kinds with a floor have one balance; all others one a lane. Frequent kinds first: it is hot.
    floored constant text[] := ARRAY[
        'member', 'debt', 'held', 'stored_principal', 'stored_bonus', 'budget'
    ];
    points constant text[] := ARRAY[
        'member', 'issuing', 'honouring', 'breakage', 'debt', 'held', 'partner'
    ];
    units boolean[];
    sums bigint[];
    taken smallint;
    chained bytea;
    accounts bigint[];
    ids bigint[];
    forms bytea[];
    hashes bytea[];
BEGIN
    SELECT array_agg(kind = ANY (points) ORDER BY place) INTO units
    FROM unnest(account_kinds) WITH ORDINALITY AS a (kind, place);
    IF EXISTS (
        SELECT FROM unnest(places, touched, amounts) AS e (place, account, amount)
        GROUP BY e.place, units[e.account] HAVING sum(e.amount) <> 0
    ) THEN
        RAISE EXCEPTION 'a journal does not add up to 0' USING ERRCODE = 'check_violation';
    END IF;

    SELECT array_agg(amount ORDER BY account) INTO sums
    FROM (
        SELECT e.account, sum(e.amount)::bigint AS amount
        FROM unnest(touched, amounts) AS e (account, amount) GROUP BY e.account
    ) e;

    SELECT l.lane, l.hash INTO taken, chained FROM lane l
    ORDER BY l.lane LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        SELECT l.lane, l.hash INTO taken, chained FROM lane l
        WHERE l.lane = pg_backend_pid() % {LANES} FOR UPDATE;
    END IF;

    LOOP
        SELECT array_agg(a.account_id ORDER BY n.place) INTO accounts
        FROM unnest(account_kinds, owners) WITH ORDINALITY AS n (kind, owner, place)
        LEFT JOIN account a ON a.owner = n.owner AND a.kind = n.kind
            AND a.lane = CASE WHEN n.kind = ANY (floored) THEN 0 ELSE taken END;
        EXIT WHEN array_position(accounts, NULL) IS NULL;
        INSERT INTO account (kind, owner, lane)
        SELECT n.kind, n.owner, CASE WHEN n.kind = ANY (floored) THEN 0 ELSE taken END
        FROM unnest(accounts, account_kinds, owners) AS n (account_id, kind, owner)
        WHERE n.account_id IS NULL ORDER BY 1, 2
        ON CONFLICT DO NOTHING;
    END LOOP;
    PERFORM FROM account WHERE account_id = ANY (accounts) ORDER BY account_id FOR UPDATE;
    UPDATE account a SET balance = a.balance + moved.amount
    FROM unnest(accounts, sums) AS moved (account_id, amount)
    WHERE a.account_id = moved.account_id;

    INSERT INTO journal (journal_id, kind, ref, occurred_at, posted_at)
    SELECT j.*, posted FROM unnest(journal_ids, kinds, refs, occurred) AS j;

    -- Only now, with the lane held, are numbers taken: within a lane they follow the chain.
    SELECT array_agg(nextval('entry_entry_id_seq')) INTO ids
    FROM generate_series(1, cardinality(amounts));
    SELECT array_agg(canonical(
        e.id, taken, j.journal_id, j.occurred, posted, e.amount, j.kind, j.ref, a.kind, a.owner
    ) ORDER BY e.id) INTO forms
    FROM unnest(ids, places, touched, amounts) AS e (id, place, account, amount)
    JOIN unnest(journal_ids, kinds, refs, occurred) WITH ORDINALITY
        AS j (journal_id, kind, ref, occurred, place) ON j.place = e.place
    JOIN unnest(account_kinds, owners) WITH ORDINALITY
        AS a (kind, owner, place) ON a.place = e.account;
    FOR place IN 1 .. cardinality(forms) LOOP
        chained := sha256(chained || forms[place]);
        hashes[place] := chained;
    END LOOP;
    INSERT INTO entry (entry_id, journal_id, account_id, amount, lane, hash)
    OVERRIDING SYSTEM VALUE
    SELECT e.id, journal_ids[e.place], accounts[e.account], e.amount, taken, e.hash
    FROM unnest(ids, places, touched, amounts, hashes) AS e (id, place, account, amount, hash);
    UPDATE lane l SET head = ids[cardinality(ids)], hash = chained WHERE l.lane = taken;
END $$;
-- It runs with its owner's rights: nothing but this schema may be found by its names.
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION post SET search_path = %I, pg_temp', current_schema());
END $$;
REVOKE ALL ON FUNCTION post FROM PUBLIC;
GRANT EXECUTE ON FUNCTION post TO huiyuan_points;
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON lane FROM huiyuan_points;
"""

CHECKPOINTS = """
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
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION refuse();
REVOKE UPDATE, DELETE, TRUNCATE ON checkpoint FROM huiyuan_points;
"""


def upgrade() -> None:
    """Create everything."""
    for script in (ACCOUNTS, CHAIN, POST, CHECKPOINTS):
        run_sql(op, script)

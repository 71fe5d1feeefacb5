"""Sign-ins: public clients, families of refresh tokens, authorization codes, revocations, staff."""

from alembic import op

from chassis.migrations import run_sql

revision = "gateway_0005"
down_revision = "gateway_0004"
branch_labels = None
depends_on = None

TABLES = """
ALTER TABLE client
    ALTER COLUMN role DROP NOT NULL,
    ALTER COLUMN secret_hash DROP NOT NULL,
    ADD COLUMN grants text[] NOT NULL DEFAULT '{client_credentials}',
    ADD COLUMN redirect_uris text[] NOT NULL DEFAULT '{}',
    ADD COLUMN store text;
CREATE TABLE client_key (
    key_id text PRIMARY KEY,
    client_id text NOT NULL REFERENCES client ON DELETE CASCADE,
    public_jwk jsonb NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX client_key_client ON client_key (client_id);
CREATE TABLE token_family (
    family_id uuid PRIMARY KEY,
    client_id text NOT NULL,
    role text NOT NULL,
    subject text NOT NULL,
    member_id uuid,
    store text,
    scope text NOT NULL,
    auth_time timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    stepped_up_until timestamptz,
    revoked_at timestamptz
);
CREATE INDEX token_family_subject ON token_family (subject);
CREATE INDEX token_family_end ON token_family (expires_at);
CREATE TABLE refresh_token (
    token_hash bytea PRIMARY KEY,
    family_id uuid NOT NULL REFERENCES token_family ON DELETE CASCADE,
    used_at timestamptz
);
CREATE INDEX refresh_token_family ON refresh_token (family_id);
CREATE TABLE authorization_code (
    code_hash bytea PRIMARY KEY,
    family_id uuid NOT NULL REFERENCES token_family ON DELETE CASCADE,
    redirect_uri text NOT NULL,
    challenge text NOT NULL,
    nonce text,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE TABLE revocation (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    mark text NOT NULL,
    at timestamptz NOT NULL,
    until timestamptz NOT NULL
);
CREATE INDEX revocation_until ON revocation (until);
CREATE TABLE staff_user (
    username text PRIMARY KEY,
    role text NOT NULL,
    store text,
    password_hash text NOT NULL,
    second_factor bytea,
    second_factor_proposed bytea,
    last_step bigint NOT NULL DEFAULT 0,
    disabled_at timestamptz,
    created_at timestamptz NOT NULL
);
CREATE TABLE login_code (
    number_index text PRIMARY KEY,
    code_sealed bytea NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    expires_at timestamptz NOT NULL
);
"""


def upgrade() -> None:
    """Widen clients, create the rest."""
    run_sql(op, TABLES)

"""Clients, sources, staff, sign-ins, and the keys that tokens are signed with."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, ForeignKey, Identity, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from gateway_service.tables.base import moment, octets, texts


class Client(SQLModel, table=True):
    """A program that may ask for tokens; only the hash of its secret is here, if it has one."""

    client_id: str = Field(primary_key=True)
    role: str | None = None
    secret_hash: bytes | None = octets(nullable=True)
    created_at: datetime = moment()
    grants: list[str] = texts()
    redirect_uris: list[str] = texts()
    store: str | None = None


class ClientKey(SQLModel, table=True):
    """A key that a partner signs requests with; while it rotates there are two."""

    __tablename__ = "client_key"

    key_id: str = Field(primary_key=True)
    client_id: str = Field(
        sa_column=Column(
            Text, ForeignKey("client.client_id", ondelete="CASCADE"), nullable=False, index=True
        )
    )
    public_jwk: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    created_at: datetime = moment()


class WriteKey(SQLModel, table=True):
    """A source of events. `trust`: `server` if only the shop can read its key, else `client`."""

    __tablename__ = "write_key"

    key_hash: bytes = octets(primary_key=True)
    name: str = Field(unique=True)
    trust: str = Field("client", sa_column_kwargs={"server_default": "client"})
    created_at: datetime = moment()


class SigningKey(SQLModel, table=True):
    """A key pair that signs tokens; the private half is encrypted with the root key."""

    __tablename__ = "signing_key"

    kid: str = Field(primary_key=True)
    public_jwk: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    private_sealed: bytes = octets()
    created_at: datetime = moment()


class TokenFamily(SQLModel, table=True):
    """A sign-in: every token that came of it falls with it."""

    __tablename__ = "token_family"

    family_id: UUID = Field(primary_key=True)
    client_id: str
    role: str
    subject: str = Field(index=True)
    member_id: UUID | None = None
    store: str | None = None
    scope: str
    auth_time: datetime = moment()
    expires_at: datetime = moment()
    stepped_up_until: datetime | None = moment(nullable=True)
    revoked_at: datetime | None = moment(nullable=True)


class RefreshToken(SQLModel, table=True):
    """Good once; used ones stay, so that a second use is seen."""

    __tablename__ = "refresh_token"

    token_hash: bytes = octets(primary_key=True)
    family_id: UUID = Field(foreign_key="token_family.family_id", ondelete="CASCADE", index=True)
    used_at: datetime | None = moment(nullable=True)


class AuthorizationCode(SQLModel, table=True):
    """Good once, for a minute, for one client, address and challenge."""

    __tablename__ = "authorization_code"

    code_hash: bytes = octets(primary_key=True)
    family_id: UUID = Field(foreign_key="token_family.family_id", ondelete="CASCADE")
    redirect_uri: str
    challenge: str
    nonce: str | None = None
    expires_at: datetime = moment()
    used_at: datetime | None = moment(nullable=True)


class Revocation(SQLModel, table=True):
    """Access tokens with this mark, issued up to `at`, count no more; kept while one could live."""

    id: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    mark: str
    at: datetime = moment()
    until: datetime = moment()


class StaffUser(SQLModel, table=True):
    """Somebody who signs in; the secret of the second factor is encrypted with the root key."""

    __tablename__ = "staff_user"

    username: str = Field(primary_key=True)
    role: str
    store: str | None = None
    password_hash: str
    second_factor: bytes | None = octets(nullable=True)
    second_factor_proposed: bytes | None = octets(nullable=True)
    last_step: int = Field(sa_column=Column(BigInteger, nullable=False))
    disabled_at: datetime | None = moment(nullable=True)
    created_at: datetime = moment()


class LoginCode(SQLModel, table=True):
    """The one code that a number may now sign in with, encrypted; the number as its blind index."""

    __tablename__ = "login_code"

    number_index: str = Field(primary_key=True)
    code_sealed: bytes = octets()
    attempts: int
    expires_at: datetime = moment()

"""Clients, sources and the keys that tokens are signed with."""

from datetime import datetime

from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from gateway_service.tables.base import moment, octets


class Client(SQLModel, table=True):
    """A program that may ask for tokens; only the hash of its secret is here."""

    client_id: str = Field(primary_key=True)
    role: str
    secret_hash: bytes = octets()
    created_at: datetime = moment()


class WriteKey(SQLModel, table=True):
    """A source of events."""

    __tablename__ = "write_key"

    key_hash: bytes = octets(primary_key=True)
    name: str = Field(unique=True)
    created_at: datetime = moment()


class SigningKey(SQLModel, table=True):
    """A key pair that signs tokens; the private half is encrypted with the root key."""

    __tablename__ = "signing_key"

    kid: str = Field(primary_key=True)
    public_jwk: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    private_sealed: bytes = octets()
    created_at: datetime = moment()

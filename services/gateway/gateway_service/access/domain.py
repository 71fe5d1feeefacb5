"""Credentials and rights, as pure functions."""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl, unquote_plus
from uuid import UUID

from contracts.operations import Operation
from contracts.roles import Role

SECOND_FACTOR = "mfa"  # the `acr` of a token that a second factor was shown for

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:#-]{0,63}")


class OAuthError(Exception):
    """An error of RFC 6749, section 5.2."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(error)
        self.error, self.description, self.status = error, description, status


class Refusal(StrEnum):
    """Why a principal may not call an operation."""

    ROLE = "role_not_allowed"
    FOREIGN = "foreign_member"


@dataclass(frozen=True, slots=True)
class Client:
    """A program that may ask for tokens of one role."""

    client_id: str
    role: Role
    secret_hash: bytes


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client says it is."""

    client_id: str
    secret: str


def hash_secret(secret: str) -> bytes:
    """Secrets are random and long, so one SHA-256 is enough."""
    return hashlib.sha256(secret.encode()).digest()


def refusal(
    operation: Operation, role: Role, own: UUID | None, path: Mapping[str, str]
) -> Refusal | None:
    """Why the role may not, or None. A member may touch its own paths only."""
    if role not in operation.roles:
        return Refusal.ROLE
    theirs = path.get(operation.own) if operation.own else None
    if role is Role.MEMBER and theirs is not None and _uuid(theirs) != own:
        return Refusal.FOREIGN
    return None


def stated_reason(role: Role, purpose: str | None, ticket: str | None) -> bool:
    """Whether enough was said for a plain read: a purpose, and a ticket unless it is one's own."""
    return purpose is not None and (ticket is not None or role is Role.MEMBER)


def is_code(text: str) -> bool:
    """Whether a text can be a purpose or ticket code (and cannot break a header)."""
    return _CODE.fullmatch(text) is not None


def basic_user(authorization: str) -> tuple[str, str] | None:
    """User and password of an HTTP Basic header, or None."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, found, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, password) if found else None


def form_fields(body: bytes) -> dict[str, str]:
    """The fields of a form; raises OAuthError if one is there twice or it is no form."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=False, max_num_fields=16)
    except ValueError:
        raise OAuthError("invalid_request", "the body is not a form") from None
    if len(dict(pairs)) != len(pairs):
        raise OAuthError("invalid_request", "a parameter is there twice")
    return dict(pairs)


def credentials(authorization: str, form: Mapping[str, str]) -> Credentials:
    """From HTTP Basic (RFC 6749 encodes both halves) or from the form; raises OAuthError."""
    basic = basic_user(authorization)
    if basic is not None:
        return Credentials(unquote_plus(basic[0]), unquote_plus(basic[1]))
    if "client_id" in form and "client_secret" in form:
        return Credentials(form["client_id"], form["client_secret"])
    raise OAuthError("invalid_client", "client credentials are missing", 401)


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a token speaks for: `subject` is a member, a staff user or a client."""

    role: Role
    subject: str
    member_id: UUID | None = None
    store: str | None = None
    stepped_up: bool = False


def client_holder(client: Client, form: Mapping[str, str], *, dev: bool) -> Holder:
    """Whom a token of client credentials speaks for; raises OAuthError.

    Members sign in by other grants; in development a client may speak for any of them, work in any
    store, and say that it has shown a second factor.
    """
    role = client.role
    if form.get("grant_type") != "client_credentials":
        raise OAuthError("unsupported_grant_type", "only client_credentials")
    if form.get("scope", role) != role:
        raise OAuthError("invalid_scope", "a client has the scope of its role only")
    if role is not Role.MEMBER:
        told = form if dev else {}
        return Holder(
            role,
            client.client_id,
            store=told.get("store"),
            stepped_up=told.get("acr_values") == SECOND_FACTOR,
        )
    if not dev:
        raise OAuthError("unauthorized_client", "members do not use client credentials")
    member_id = _uuid(form.get("member_id", ""))
    if member_id is None:
        raise OAuthError("invalid_request", "member_id must be a member's id")
    return Holder(role, str(member_id), member_id)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None

"""Clients, holders of tokens and rights, as pure functions."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from authlib.oauth2.rfc6749 import ClientMixin

from contracts.gateway.access import Grant, SourceTrust
from contracts.operations import Operation
from contracts.roles import Role

SECOND_FACTOR = "mfa"  # the `acr` of a token that a second factor was shown for
CODE_LIFE = timedelta(minutes=1)
_TOO_SHORT = timedelta(seconds=30)  # a step-up that is nearly over is none
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:#-]{0,63}")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Refusal(StrEnum):
    """Why a principal may not call an operation."""

    ROLE = "role_not_allowed"
    FOREIGN = "foreign_member"


@dataclass(frozen=True, slots=True)
class Source:
    """Where events come from."""

    name: str
    trust: SourceTrust

    @property
    def trusted(self) -> bool:
        """Whether what it says of who is who is the shop's own word."""
        return self.trust == "server"


@dataclass(frozen=True)
class Client(ClientMixin):
    """A program that may ask for tokens. Without a secret it is public: an app, a page.

    `role` is whom it acts as, or whose members of staff may sign in through it; None: any staff.
    `store` is where it stands, for a till.
    """

    client_id: str
    role: Role | None
    secret_hash: bytes | None
    grants: frozenset[Grant] = frozenset({Grant.CLIENT_CREDENTIALS})
    redirect_uris: tuple[str, ...] = ()
    store: str | None = None

    def get_client_id(self) -> str:
        """Its name."""
        return self.client_id

    def get_default_redirect_uri(self) -> str:
        """None, as an empty text: RFC 9700 wants the address said and compared every time."""
        return ""

    def get_allowed_scope(self, scope: object) -> str:
        """OpenID Connect, if it was asked for; the role is granted whatever was asked."""
        return "openid" if "openid" in str(scope or "").split() else ""

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Character by character (RFC 9700, section 2.1)."""
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        """In constant time."""
        given = hash_secret(client_secret)
        return self.secret_hash is not None and hmac.compare_digest(self.secret_hash, given)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """A client that has a secret must show it."""
        return (method == "none") is (self.secret_hash is None)

    def check_response_type(self, response_type: str) -> bool:
        """There is one."""
        return response_type == "code" and Grant.AUTHORIZATION_CODE in self.grants

    def check_grant_type(self, grant_type: str) -> bool:
        """Who may sign somebody in may also go on with it."""
        if grant_type == Grant.REFRESH_TOKEN:
            return bool(self.grants - {Grant.CLIENT_CREDENTIALS})
        return grant_type in self.grants


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a token speaks for: `subject` is a member, a staff user or a client."""

    role: Role
    subject: str
    member_id: UUID | None = None
    store: str | None = None
    stepped_up: bool = False


@dataclass(frozen=True, slots=True)
class Family:
    """What one sign-in began: its access tokens, and refresh tokens that follow each other."""

    family_id: UUID
    client_id: str
    holder: Holder
    scope: str
    auth_time: datetime
    expires_at: datetime
    stepped_up_until: datetime | None = None
    revoked_at: datetime | None = None

    def steps_until(self, now: datetime) -> datetime | None:
        """Until when the second factor counts, if that is worth a token."""
        until = self.stepped_up_until
        return until if until is not None and until - now > _TOO_SHORT else None


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
    if role is Role.MEMBER and theirs is not None and as_uuid(theirs) != own:
        return Refusal.FOREIGN
    return None


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
    """The fields of a form or query. Raises ValueError if one is there twice or it is no form."""
    text = body.decode()
    pairs = parse_qsl(text, keep_blank_values=False, max_num_fields=32, errors="strict")
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a parameter is there twice")
    return dict(pairs)


def as_uuid(text: str) -> UUID | None:
    """The id in a text, or None."""
    try:
        return UUID(text)
    except ValueError:
        return None


def unfit_client(client: Client) -> tuple[str, str] | None:
    """What is wrong with a client that is to be admitted: pointer and why; None if it is fine."""
    itself = Grant.CLIENT_CREDENTIALS in client.grants
    members = bool({Grant.SMS_OTP, Grant.MINI_PROGRAM} & client.grants)
    page = Grant.AUTHORIZATION_CODE in client.grants
    wrong = [
        (itself and client.secret_hash is None, "/confidential",
         "a client without a secret cannot prove who it is"),
        (itself and client.role is None, "/role", "a client that acts by itself needs a role"),
        (members and client.role is not Role.MEMBER, "/role",
         "members sign in through a client of role member"),
        (page and not client.redirect_uris, "/redirect_uris",
         "who is sent back needs an address for it"),
        (page and client.role is Role.PARTNER, "/role", "it is people who sign in there"),
        (Grant.REFRESH_TOKEN in client.grants, "/grants", "refreshing comes with every sign-in"),
    ]  # fmt: skip
    wrong += [
        (why is not None, f"/redirect_uris/{n}", why or "")
        for n, why in enumerate(map(unfit_redirect, client.redirect_uris))
    ]
    return next(((pointer, why) for is_so, pointer, why in wrong if is_so), None)


def unfit_redirect(uri: str) -> str | None:
    """Why an address cannot be redirected to (RFC 9700, RFC 8252), or None."""
    try:
        parts = urlsplit(uri)
        host = parts.hostname
    except ValueError:
        return "not an address"
    if parts.fragment or "#" in uri or "*" in uri:
        return "without fragment and without wildcard"
    if parts.scheme == "https" and host:
        return None
    if parts.scheme == "http" and host in _LOOPBACK:
        return None
    if "." in parts.scheme and not host:  # an app's own scheme is its domain turned round
        return None
    return "https, loopback, or an app's own scheme such as com.example.app:/back"

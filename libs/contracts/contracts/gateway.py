"""What the gateway itself answers: tokens, clients, consents, quarantine, audit, development."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.base import Model
from contracts.classification import Kind, internal, personal, public
from contracts.collect import COLLECT
from contracts.operations import PAGING, Operation, Query
from contracts.roles import READING, Role

ClientId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]
Secret = Annotated[str, internal]
Purpose = Literal["marketing", "transactional"]
Channel = Literal["sms", "wechat", "miniprogram", "push", "email", "call"]


class TokenRequest(Model):
    """Form fields of RFC 6749; the client's id and secret also fit into HTTP Basic.

    `member_id` makes a token of role member speak for that member (development only).
    """

    grant_type: Annotated[Literal["client_credentials"], public]
    client_id: Annotated[str | None, internal] = None
    client_secret: Annotated[str | None, internal] = None
    scope: Annotated[str | None, public] = None
    member_id: Annotated[UUID | None, internal] = None


class TokenAnswer(Model):
    """A bearer token; `expires_in` in seconds, at most 600. `scope` is the role."""

    access_token: Secret
    token_type: Annotated[Literal["Bearer"], public] = "Bearer"
    expires_in: Annotated[int, public]
    scope: Annotated[Role, public]


class Jwk(Model):
    """A public key, RFC 7517."""

    kid: Annotated[str, public]
    kty: Annotated[str, public]
    crv: Annotated[str, public]
    x: Annotated[str, public]
    y: Annotated[str, public]
    use: Annotated[str, public] = "sig"
    alg: Annotated[str, public] = "ES256"


class Jwks(Model):
    """Keys that tokens now in use may be signed with."""

    keys: Annotated[list[Jwk], public]


class Discovery(Model):
    """OpenID Connect discovery."""

    issuer: Annotated[str, public]
    token_endpoint: Annotated[str, public]
    jwks_uri: Annotated[str, public]
    grant_types_supported: Annotated[list[str], public]
    response_types_supported: Annotated[list[str], public]
    subject_types_supported: Annotated[list[str], public]
    id_token_signing_alg_values_supported: Annotated[list[str], public]
    token_endpoint_auth_methods_supported: Annotated[list[str], public]


class ClientRequest(Model):
    """A program that may ask for tokens of one role."""

    client_id: Annotated[ClientId, internal]
    role: Annotated[Role, public]


class ClientAnswer(Model):
    """The secret is shown this once."""

    client_id: Annotated[str, internal]
    client_secret: Secret
    role: Annotated[Role, public]


class WriteKeyRequest(Model):
    """A source that may send events."""

    name: Annotated[ClientId, internal]


class WriteKeyAnswer(Model):
    """The key is shown this once."""

    name: Annotated[str, internal]
    write_key: Secret


class ConsentChange(Model):
    """Yes or no to one purpose on one channel, and the version of the notice that was shown."""

    purpose: Annotated[Purpose, public]
    channel: Annotated[Channel, public]
    granted: Annotated[bool, internal]
    notice_version: Annotated[str | None, Field(max_length=32), public] = None


class Consent(ConsentChange):
    """An answer that was given, and when."""

    changed_at: Annotated[AwareDatetime, public]


class ConsentsRequest(Model):
    """Answers to write; those not named stay."""

    consents: Annotated[list[ConsentChange], Field(min_length=1, max_length=64), internal]


class Consents(Model):
    """Every answer a member has given. Where there is none, the programme's default counts."""

    member_id: Annotated[UUID, internal]
    data: Annotated[list[Consent], internal]


class QuarantineItem(Model):
    """A collected message that could not be taken, with the reason."""

    id: Annotated[UUID, internal]
    received_at: Annotated[AwareDatetime, public]
    source: Annotated[str, internal]
    reason: Annotated[str, public]
    pointer: Annotated[str, public]
    payload: Annotated[str | None, personal(Kind.TEXT)]
    replayed_at: Annotated[AwareDatetime | None, public] = None


class QuarantinePage(Model):
    """Newest first."""

    data: Annotated[list[QuarantineItem], internal]
    next_cursor: Annotated[str | None, public] = None


class ReplayRequest(Model):
    """Take the message once more; `message` replaces it, corrected."""

    message: Annotated[dict[str, Any] | None, personal(Kind.TEXT)] = None


class ReplayAnswer(Model):
    """The message has been taken."""

    id: Annotated[UUID, internal]
    replayed_at: Annotated[AwareDatetime, public]


class AuditItem(Model):
    """Somebody was about to read personal values in the clear."""

    id: Annotated[UUID, internal]
    at: Annotated[AwareDatetime, public]
    role: Annotated[Role, public]
    subject: Annotated[str, internal]
    purpose: Annotated[str, internal]
    ticket: Annotated[str | None, internal]
    operation: Annotated[str, public]
    members: Annotated[list[UUID], internal]
    kinds: Annotated[list[str], public]
    trace_id: Annotated[str, internal]


class AuditPage(Model):
    """Newest first."""

    data: Annotated[list[AuditItem], internal]
    next_cursor: Annotated[str | None, public] = None


class ClockMove(Model):
    """`now` sets the clock, `advance_seconds` moves it; exactly one. It may also stand still."""

    now: Annotated[AwareDatetime | None, public] = None
    advance_seconds: Annotated[float | None, Field(allow_inf_nan=False), public] = None
    ticking: Annotated[bool, public] = True


class ClockAnswer(Model):
    """Everything that was due by `now` has run, in every service."""

    now: Annotated[AwareDatetime, public]


class SandboxMessage(Model):
    """What the sandbox provider would have sent, in the clear (development only)."""

    id: Annotated[int, internal]
    delivery_id: Annotated[UUID, internal]
    member_id: Annotated[UUID, internal]
    channel: Annotated[str, public]
    to: Annotated[str, personal(Kind.PHONE)]
    text: Annotated[str, personal(Kind.TEXT)]
    sent_at: Annotated[AwareDatetime, public]


class SandboxPage(Model):
    """Oldest first; `next_cursor` is the `since` of the next call, also when there is no more."""

    data: Annotated[list[SandboxMessage], internal]
    next_cursor: Annotated[str, public]


class Settled(Model):
    """No outbox row, no unread message, nothing under way."""

    settled: Annotated[Literal[True], public] = True


_ACCESS, _PRIVACY, _DEV = ("Tokens",), ("Privacy",), ("Development",)
_ADMINS = frozenset({Role.ADMIN})
_KEEPERS = frozenset({Role.DATA_OPERATOR, Role.OPERATOR, Role.ADMIN})
_NOBODY: frozenset[Role] = frozenset()


def _open(method: str, path: str, summary: str, response: Any, request: Any = None) -> Operation:
    return Operation(
        method, path, "gateway", summary, _NOBODY,
        request=request, response=response, own=None, open=True, tags=_ACCESS,
    )  # fmt: skip


def _dev(method: str, path: str, summary: str, response: Any, **more: Any) -> Operation:
    return Operation(
        method, path, "gateway", summary, _NOBODY,
        response=response, own=None, open=True, dev_only=True, tags=_DEV, **more,
    )  # fmt: skip


OPERATIONS: list[Operation] = [
    *COLLECT,
    _open("POST", "/oauth2/token", "Exchange client credentials for a token", TokenAnswer,
          TokenRequest),
    _open("GET", "/.well-known/jwks.json", "Public keys of tokens", Jwks),
    _open("GET", "/.well-known/openid-configuration", "Discovery", Discovery),
    _open("GET", "/openapi.json", "This document", dict[str, Any]),
    Operation(
        "POST", "/v1/clients", "gateway", "Admit a client", _ADMINS,
        request=ClientRequest, response=ClientAnswer, status=201, own=None, tags=_ACCESS,
    ),
    Operation(
        "POST", "/v1/write-keys", "gateway", "Admit a source of events", _ADMINS,
        request=WriteKeyRequest, response=WriteKeyAnswer, status=201, own=None, tags=_ACCESS,
    ),
    Operation(
        "GET", "/v1/members/{member_id}/consents", "gateway", "A member's consents",
        READING, response=Consents, tags=_PRIVACY,
    ),
    Operation(
        "PUT", "/v1/members/{member_id}/consents", "gateway", "Give or withdraw consent",
        READING - {Role.POS}, request=ConsentsRequest, response=Consents, tags=_PRIVACY,
    ),
    Operation(
        "GET", "/v1/audit", "gateway", "Who read personal values in the clear",
        frozenset({Role.COMPLIANCE, Role.ADMIN}), response=AuditPage, query=PAGING, own=None,
        tags=_PRIVACY,
    ),
    Operation(
        "GET", "/v1/quarantine", "gateway", "Messages that could not be taken",
        _KEEPERS | {Role.COMPLIANCE}, response=QuarantinePage, query=PAGING, own=None,
        tags=("Collect",),
    ),
    Operation(
        "POST", "/v1/quarantine/{id}/replay", "gateway", "Take a message once more", _KEEPERS,
        request=ReplayRequest, response=ReplayAnswer, own=None, tags=("Collect",),
    ),
    _dev("POST", "/dev/clock", "Move the clock; answers when all that was due has run",
         ClockAnswer, request=ClockMove),
    _dev("GET", "/dev/outbox", "What the sandbox channels sent", SandboxPage, query=(
        Query("since", str, "`next_cursor` of the page before"),
        Query("limit", int, "page size, at most 200"),
    )),
    _dev("GET", "/dev/settled", "Wait until nothing is under way", Settled),
]  # fmt: skip

"""Tokens, their keys, and the clients and sources that may ask for them."""

from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.auditing import Action
from contracts.base import Model
from contracts.classification import Kind, internal, personal, public
from contracts.gateway.common import ACCESS, ADMINS, NOBODY, ClientId
from contracts.operations import Operation
from contracts.roles import Role

_KEYS = "/v1/clients/{client_id}/keys"
Secret = Annotated[str, internal]
Scope = Annotated[str, public]


class Grant(StrEnum):
    """How a token may be asked for; there is no password grant."""

    CLIENT_CREDENTIALS = "client_credentials"
    AUTHORIZATION_CODE = "authorization_code"
    REFRESH_TOKEN = "refresh_token"
    SMS_OTP = "urn:huiyuan:grant:sms-otp"
    MINI_PROGRAM = "urn:huiyuan:grant:mini-program"


class TokenRequest(Model):
    """Form fields of RFC 6749; the client's id and secret also fit into HTTP Basic.

    `authorization_code` needs `code`, `redirect_uri` and `code_verifier`, `refresh_token` needs
    `refresh_token`, `sms-otp` needs `phone` and `otp`, `mini-program` needs `code`.
    In development `member_id` makes a token of role member speak for that member, `store` puts
    staff into a store, and `acr_values=mfa` makes it a token that a second factor was shown for.
    """

    grant_type: Annotated[Grant, public]
    client_id: Annotated[str | None, internal] = None
    client_secret: Annotated[str | None, internal] = None
    scope: Annotated[str | None, public] = None
    code: Annotated[str | None, internal] = None
    redirect_uri: Annotated[str | None, internal] = None
    code_verifier: Annotated[str | None, internal] = None
    refresh_token: Annotated[str | None, internal] = None
    phone: Annotated[str | None, personal(Kind.PHONE, at="login_code.number_index")] = None
    otp: Annotated[str | None, internal] = None
    member_id: Annotated[UUID | None, internal] = None
    store: Annotated[str | None, internal] = None
    acr_values: Annotated[Literal["mfa"] | None, public] = None


class TokenAnswer(Model):
    """A bearer token; `expires_in` in seconds, at most 600. `scope` has the role in it.

    A refresh token is good once; whoever uses it again ends the whole sign-in.
    """

    access_token: Secret
    token_type: Annotated[Literal["Bearer"], public] = "Bearer"
    expires_in: Annotated[int, public]
    scope: Scope
    refresh_token: Annotated[str | None, internal] = None
    id_token: Annotated[str | None, internal] = None


class OAuthProblem(Model):
    """An error of RFC 6749, section 5.2."""

    error: Annotated[str, public]
    error_description: Annotated[str | None, public] = None


class AnyTokenRequest(Model):
    """A token to end (RFC 7009) or to look at (RFC 7662); the client shows who it is."""

    token: Secret
    token_type_hint: Annotated[Literal["access_token", "refresh_token"] | None, public] = None
    client_id: Annotated[str | None, internal] = None
    client_secret: Annotated[str | None, internal] = None


class Introspection(Model):
    """RFC 7662; of a token that is none there is `active` alone. `exp` and `iat` in seconds."""

    active: Annotated[bool, public]
    scope: Annotated[str | None, public] = None
    client_id: Annotated[str | None, internal] = None
    token_type: Annotated[str | None, public] = None
    exp: Annotated[int | None, public] = None
    iat: Annotated[int | None, public] = None
    sub: Annotated[str | None, internal] = None
    aud: Annotated[str | None, public] = None
    iss: Annotated[str | None, public] = None
    role: Annotated[Role | None, public] = None
    acr: Annotated[str | None, public] = None


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
    """OpenID Connect discovery and RFC 8414."""

    issuer: Annotated[str, public]
    authorization_endpoint: Annotated[str, public]
    token_endpoint: Annotated[str, public]
    revocation_endpoint: Annotated[str, public]
    introspection_endpoint: Annotated[str, public]
    jwks_uri: Annotated[str, public]
    scopes_supported: Annotated[list[str], public]
    grant_types_supported: Annotated[list[str], public]
    response_types_supported: Annotated[list[str], public]
    response_modes_supported: Annotated[list[str], public]
    subject_types_supported: Annotated[list[str], public]
    id_token_signing_alg_values_supported: Annotated[list[str], public]
    token_endpoint_auth_methods_supported: Annotated[list[str], public]
    revocation_endpoint_auth_methods_supported: Annotated[list[str], public]
    introspection_endpoint_auth_methods_supported: Annotated[list[str], public]
    code_challenge_methods_supported: Annotated[list[str], public]
    acr_values_supported: Annotated[list[str], public]
    claims_supported: Annotated[list[str], public]
    ui_locales_supported: Annotated[list[str], public]
    prompt_values_supported: Annotated[list[str], public]
    authorization_response_iss_parameter_supported: Annotated[bool, public]


class ClientRequest(Model):
    """A program that may ask for tokens; an app or a page can keep no secret (`confidential`).

    `role` is whom it acts as; without one any member of staff may sign in through it. `store` is
    where it stands. Redirects go to one of `redirect_uris`, compared character by character.
    """

    client_id: Annotated[ClientId, internal]
    role: Annotated[Role | None, public] = None
    confidential: Annotated[bool, public] = True
    grants: Annotated[list[Grant], Field(min_length=1, max_length=4), public] = [
        Grant.CLIENT_CREDENTIALS
    ]
    redirect_uris: Annotated[
        list[Annotated[str, Field(max_length=512)]], Field(max_length=16), internal
    ] = []
    store: Annotated[str | None, Field(min_length=1, max_length=64), internal] = None


class ClientAnswer(Model):
    """The secret is shown this once; a public client has none."""

    client_id: Annotated[str, internal]
    client_secret: Annotated[str | None, internal] = None
    role: Annotated[Role | None, public] = None


class ClientItem(Model):
    """A client that was admitted."""

    client_id: Annotated[str, internal]
    role: Annotated[Role | None, public] = None
    confidential: Annotated[bool, public]
    grants: Annotated[list[Grant], public]
    redirect_uris: Annotated[list[str], internal]
    store: Annotated[str | None, internal] = None


class Clients(Model):
    """By name."""

    data: Annotated[list[ClientItem], internal]


class LoginCodeRequest(Model):
    """Whose phone a code is sent to; good once, for five minutes and five tries."""

    phone: Annotated[str, personal(Kind.PHONE, at="login_code.number_index")]


class ClientKeyRequest(Model):
    """A key that the client signs requests with (RFC 9421): Ed25519 or P-256, public half only."""

    key_id: Annotated[ClientId, internal]
    public_jwk: Annotated[dict[str, str], Field(max_length=12), internal]


class ClientKeyItem(Model):
    """A key of a client."""

    key_id: Annotated[str, internal]
    created_at: Annotated[AwareDatetime, public]


class ClientKeys(Model):
    """The oldest first; there are two at most, while one takes over from the other."""

    data: Annotated[list[ClientKeyItem], internal]


SourceTrust = Literal["client", "server"]
"""`server`: the key never leaves the shop's own machines, and what it says of who is who counts as
the shop's word. `client`: the key ships in an app or a page, where anybody can read it."""


class WriteKeyRequest(Model):
    """A source that may send events."""

    name: Annotated[ClientId, internal]
    trust: Annotated[SourceTrust, public] = "client"


class WriteKeyAnswer(Model):
    """The key is shown this once."""

    name: Annotated[str, internal]
    trust: Annotated[SourceTrust, public]
    write_key: Secret


def _open(
    method: str, path: str, summary: str, response: Any, request: Any = None, **more: Any
) -> Operation:
    return Operation(
        method, path, "gateway", summary, NOBODY,
        request=request, response=response, own=None, open=True, tags=ACCESS, **more,
    )  # fmt: skip


def _admin(
    method: str, path: str, summary: str, response: Any, request: Any = None, **more: Any
) -> Operation:
    return Operation(
        method, path, "gateway", summary, ADMINS,
        request=request, response=response, own=None, tags=ACCESS, **more,
    )  # fmt: skip


OPERATIONS: list[Operation] = [
    _open("POST", "/oauth2/token", "Exchange what was granted for a token", TokenAnswer,
          TokenRequest, counted=True),
    _open("POST", "/oauth2/revoke", "End a token, and the sign-in that a refresh token is of",
          None, AnyTokenRequest),
    _open("POST", "/oauth2/introspect", "What a token is worth", Introspection, AnyTokenRequest),
    _open("POST", "/v1/login/codes", "Send a code to a phone; the same answer whosever it is",
          None, LoginCodeRequest, status=202, counted=True),
    _open("GET", "/.well-known/jwks.json", "Public keys of tokens", Jwks),
    _open("GET", "/.well-known/openid-configuration", "Discovery", Discovery),
    _open("GET", "/.well-known/oauth-authorization-server", "Discovery (RFC 8414)", Discovery),
    _open("GET", "/openapi.json", "This document", dict[str, Any]),
    _admin("GET", "/v1/clients", "Clients that were admitted", Clients),
    _admin("POST", "/v1/clients", "Admit a client", ClientAnswer, ClientRequest, status=201,
           audited=Action.ADMISSION),
    _admin("DELETE", "/v1/clients/{client_id}", "Put a client out; its tokens end", None,
           status=204, audited=Action.ADMISSION),
    _admin("GET", _KEYS, "Keys that a client signs requests with", ClientKeys),
    _admin("POST", _KEYS, "Admit a key; two are good at a time", ClientKeyItem, ClientKeyRequest,
           status=201, audited=Action.ADMISSION),
    _admin("DELETE", f"{_KEYS}/{{key_id}}", "Withdraw a key", None, status=204,
           audited=Action.ADMISSION),
    _admin("POST", "/v1/write-keys", "Admit a source of events", WriteKeyAnswer, WriteKeyRequest,
           status=201, audited=Action.ADMISSION),
]  # fmt: skip

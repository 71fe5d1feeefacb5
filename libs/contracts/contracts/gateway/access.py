"""Tokens, their keys, and the clients and sources that may ask for them."""

from typing import Annotated, Any, Literal
from uuid import UUID

from contracts.base import Model
from contracts.classification import internal, public
from contracts.gateway.common import ACCESS, ADMINS, NOBODY, ClientId
from contracts.operations import Operation
from contracts.roles import Role

Secret = Annotated[str, internal]


class TokenRequest(Model):
    """Form fields of RFC 6749; the client's id and secret also fit into HTTP Basic.

    In development `member_id` makes a token of role member speak for that member, `store` puts
    staff into a store, and `acr_values=mfa` makes it a token that a second factor was shown for.
    """

    grant_type: Annotated[Literal["client_credentials"], public]
    client_id: Annotated[str | None, internal] = None
    client_secret: Annotated[str | None, internal] = None
    scope: Annotated[str | None, public] = None
    member_id: Annotated[UUID | None, internal] = None
    store: Annotated[str | None, internal] = None
    acr_values: Annotated[Literal["mfa"] | None, public] = None


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


def _open(method: str, path: str, summary: str, response: Any, request: Any = None) -> Operation:
    return Operation(
        method, path, "gateway", summary, NOBODY,
        request=request, response=response, own=None, open=True, tags=ACCESS,
    )  # fmt: skip


OPERATIONS: list[Operation] = [
    _open("POST", "/oauth2/token", "Exchange client credentials for a token", TokenAnswer,
          TokenRequest),
    _open("GET", "/.well-known/jwks.json", "Public keys of tokens", Jwks),
    _open("GET", "/.well-known/openid-configuration", "Discovery", Discovery),
    _open("GET", "/openapi.json", "This document", dict[str, Any]),
    Operation(
        "POST", "/v1/clients", "gateway", "Admit a client", ADMINS,
        request=ClientRequest, response=ClientAnswer, status=201, own=None, tags=ACCESS,
    ),
    Operation(
        "POST", "/v1/write-keys", "gateway", "Admit a source of events", ADMINS,
        request=WriteKeyRequest, response=WriteKeyAnswer, status=201, own=None, tags=ACCESS,
    ),
]  # fmt: skip

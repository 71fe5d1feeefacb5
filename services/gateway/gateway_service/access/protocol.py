"""OAuth 2.1 as Authlib has it: one request, decided over what was loaded for it.

Authlib's server asks a database in the middle of its work and cannot wait; ours is asked before.
So the use case loads what the form names, a `Desk` decides, and the use case keeps what it says.
"""

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from authlib.oauth2 import OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749 import (
    AuthorizationServer,
    BaseGrant,
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    TokenEndpointMixin,
    UnauthorizedClientError,
    grants,
)
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc7636 import CodeChallenge

from contracts.gateway.access import Grant
from contracts.roles import Role
from gateway_service.access.domain import (
    SECOND_FACTOR,
    Client,
    Family,
    Holder,
    as_uuid,
    basic_user,
)
from gateway_service.access.repository import StoredCode, StoredRefresh
from gateway_service.access.tokens import Tokens

logging.getLogger("authlib").setLevel(logging.WARNING)  # its DEBUG lines hold whole tokens

Reply = tuple[int, dict[str, Any], list[tuple[str, str]]]
AUTH_METHODS = ["client_secret_basic", "client_secret_post", "none"]
# Descriptions that can be passed on; others might repeat what was sent.
_HARMLESS = ("Missing '", "Multiple '", "Invalid '", "Unsupported 'code", "Code challenge", "only:")


class _Fields(BasicOAuth2Payload):
    @property
    def response_type(self) -> str:
        """There is one; the library repeats any other in its error, and not every text can be."""
        return "code" if self.data.get("response_type") == "code" else "another"


class Request(OAuth2Request):
    """A form or a query, with the Authorization header."""

    def __init__(self, method: str, uri: str, form: dict[str, str], authorization: str) -> None:
        # What is no Basic is left out: Authlib would stumble over bytes that are no text.
        basic = {"Authorization": authorization} if basic_user(authorization) else {}
        super().__init__(method, uri, headers=basic)
        self.payload = _Fields(form)

    @property
    def form(self) -> dict[str, str]:
        """The fields."""
        assert self.payload is not None
        return self.payload.data

    @property
    def args(self) -> dict[str, str | None]:
        """The fields, too: an authorization request comes as a query."""
        return dict(self.form)


@dataclass(slots=True)
class Loaded:
    """What the form names. `now` and `family_id` (for a sign-in that begins) are given."""

    now: datetime
    family_id: UUID
    client: Client | None = None
    code: StoredCode | None = None
    refresh: StoredRefresh | None = None
    holder: Holder | None = None  # whom a code by SMS or of the mini-program has proved
    nobody: bool = False  # the code was good, but no member has that number or openid
    dev: bool = False


@dataclass(slots=True)
class Decided:
    """What is to be kept."""

    begun: Family | None = None
    next_refresh: str | None = None
    used_code: bool = False
    used_refresh: bool = False
    reused: UUID | None = None  # the sign-in that somebody else has a part of
    code: str | None = None
    coded: StoredCode | None = None
    family: Family | None = field(default=None)


class Desk(AuthorizationServer):
    """Decides one request. `decided` says what came of it."""

    def __init__(self, loaded: Loaded, tokens: Tokens, life: timedelta) -> None:
        super().__init__()
        self.loaded, self.tokens, self.life = loaded, tokens, life
        self.decided = Decided()
        self.register_grant(ByItself)
        self.register_grant(ByCode, [OnlyS256(required=True)])
        self.register_grant(ByRefresh)
        self.register_grant(BySms)
        self.register_grant(ByMiniProgram)

    def query_client(self, client_id: str) -> Client:
        """The one that was loaded."""
        known = self.loaded.client
        return known if known and known.client_id == client_id else None  # type: ignore[return-value]

    def create_oauth2_request(self, request: Request) -> OAuth2Request:
        """It is one."""
        return request

    def handle_response(self, status: int, body: Mapping[str, Any], headers: Any) -> Reply:
        """Status, body, headers."""
        return status, dict(body or {}), list(headers)

    def handle_error_response(self, request: OAuth2Request, error: OAuth2Error) -> Reply:
        """RFC 6749, section 5.2."""
        return refused(error)

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nobody listens."""

    def save_token(self, token: dict[str, Any], request: OAuth2Request) -> None:
        """The use case keeps what `decided` says."""

    def granted(self, client: Client, holder: Holder, family: Family | None) -> dict[str, Any]:
        """The answer, and with a sign-in its next refresh token."""
        issued = self.tokens.issue(client.client_id, holder, family)
        answer = {
            "access_token": issued.token,
            "token_type": "Bearer",
            "expires_in": issued.expires_in,
            "scope": " ".join(filter(None, [str(holder.role), family.scope if family else ""])),
        }
        if family is not None:
            self.decided.family = family
            self.decided.next_refresh = answer["refresh_token"] = secrets.token_urlsafe(32)
        return answer

    def begin(self, client: Client, holder: Holder) -> Family:
        """A new sign-in."""
        now = self.loaded.now
        family = Family(self.loaded.family_id, client.client_id, holder, "", now, now + self.life)
        self.decided.begun = family
        return family


class OnlyS256(CodeChallenge):
    """RFC 7636 with S256, for every client."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]
    CODE_CHALLENGE_METHODS = {"S256": CodeChallenge.CODE_CHALLENGE_METHODS["S256"]}

    def validate_code_challenge(self, grant: BaseGrant, redirect_uri: str) -> None:
        """Without a challenge nobody is signed in."""
        asked = grant.request.payload.data if grant.request.payload else {}
        if not asked.get("code_challenge"):
            raise InvalidRequestError("Missing 'code_challenge'")
        if asked.get("code_challenge_method") != "S256":
            raise InvalidRequestError("Unsupported 'code_challenge_method'")
        super().validate_code_challenge(grant, redirect_uri)


class ByItself(grants.ClientCredentialsGrant):
    """A client for itself. In development it may speak for a member, a store, a second factor."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS[:2]

    def create_token_response(self) -> Any:
        """The client's own token."""
        client, desk = self.client, self.server
        holder = client_holder(client, self.request.form, dev=desk.loaded.dev)
        return 200, desk.granted(client, holder, None), self.TOKEN_RESPONSE_HEADER


class ByCode(grants.AuthorizationCodeGrant):
    """Staff that came back from the sign-in page."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS

    def query_authorization_code(self, code: str, client: Any) -> StoredCode | None:
        """If it may still be used by this client; a second use ends what the first began."""
        known = self.server.loaded.code
        if known is None or known.family.client_id != client.client_id:
            return None
        if known.used_at is not None:
            self.server.decided.reused = known.family.family_id
            return None
        over = known.expires_at <= self.server.loaded.now or known.family.revoked_at is not None
        return None if over else known

    def create_token_response(self) -> Any:
        """Access, refresh and, if asked for, ID token."""
        code, desk = self.request.authorization_code, self.server
        assert isinstance(code, StoredCode)
        answer = desk.granted(self.client, code.family.holder, code.family)
        if code.family.scope:
            token = answer["access_token"]
            answer["id_token"] = desk.tokens.id_token(code.family, code.nonce, token)
        desk.decided.used_code = True
        return 200, answer, self.TOKEN_RESPONSE_HEADER


class ByRefresh(grants.RefreshTokenGrant):
    """Going on with a sign-in; each token is good once."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS

    def authenticate_refresh_token(self, refresh_token: str) -> StoredRefresh | None:  # type: ignore[override]
        """If it may still be used; a second use ends the sign-in."""
        known = self.server.loaded.refresh
        if known is None:
            return None
        if known.used_at is not None:
            self.server.decided.reused = known.family.family_id
            return None
        over = known.family.expires_at <= self.server.loaded.now
        return None if over or known.family.revoked_at else known

    def create_token_response(self) -> Any:
        """The next pair."""
        family, desk = self.request.refresh_token.family, self.server  # type: ignore[union-attr]
        desk.decided.used_refresh = True
        answer = desk.granted(self.client, family.holder, family)
        return 200, answer, self.TOKEN_RESPONSE_HEADER


class _Proved(BaseGrant, TokenEndpointMixin):
    """A member whom something else has proved; the use case has looked at that."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS

    def validate_token_request(self) -> None:
        """The client may, and the proof was good."""
        client = self.authenticate_token_endpoint_client()
        if not client.check_grant_type(str(self.GRANT_TYPE)):
            raise UnauthorizedClientError
        if self.server.loaded.nobody:
            raise InvalidGrantError("only: no member yet")
        if self.server.loaded.holder is None:
            raise InvalidGrantError
        self.request.client = client

    def create_token_response(self) -> Any:
        """A sign-in begins."""
        desk = self.server
        family = desk.begin(self.client, desk.loaded.holder)
        return 200, desk.granted(self.client, family.holder, family), self.TOKEN_RESPONSE_HEADER


class BySms(_Proved):
    """A code that was sent to the member's phone."""

    GRANT_TYPE = str(Grant.SMS_OTP)


class ByMiniProgram(_Proved):
    """A code that WeChat gave the mini-program."""

    GRANT_TYPE = str(Grant.MINI_PROGRAM)


def client_holder(client: Client, form: Mapping[str, str], *, dev: bool) -> Holder:
    """Whom a token of client credentials speaks for; raises OAuth2Error.

    Members sign in by other grants; in development a client may speak for any of them, work in any
    store, and say that it has shown a second factor.
    """
    role = client.role
    assert role is not None  # admission and schema see to it
    if form.get("scope", role) != role:
        raise InvalidScopeError("only: the role of the client")
    told = form if dev else {}
    if role is not Role.MEMBER:
        store = told.get("store") or client.store
        stepped_up = told.get("acr_values") == SECOND_FACTOR
        return Holder(role, client.client_id, store=store, stepped_up=stepped_up)
    if not dev:
        raise UnauthorizedClientError("only: members do not use client credentials")
    member_id = as_uuid(form.get("member_id", ""))
    if member_id is None:
        raise InvalidRequestError("Missing 'member_id', the id of a member")
    return Holder(role, str(member_id), member_id)


def refused(error: OAuth2Error) -> Reply:
    """An error as an answer; nothing of what was sent is in it."""
    body = {"error": str(error.error)}
    if (error.description or "").startswith(_HARMLESS):
        body["error_description"] = error.description.removeprefix("only: ")
    if error.error == "invalid_client":
        return 401, body, [("WWW-Authenticate", 'Basic realm="huiyuan"')]
    return 400, body, []

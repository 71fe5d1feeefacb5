"""Exchange what was granted for tokens, end them, look at them."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError

from chassis.database import Database, Tx
from contracts.auditing import Action
from contracts.gateway.access import Introspection
from contracts.roles import Role
from gateway_service.access import repository
from gateway_service.access.domain import (
    Client,
    Family,
    Holder,
    basic_user,
    form_fields,
    hash_secret,
)
from gateway_service.access.protocol import (
    AUTH_METHODS,
    Decided,
    Desk,
    Loaded,
    Reply,
    Request,
)
from gateway_service.access.tokens import (
    Tokens,
    Verified,
    client_mark,
    family_mark,
    subject_mark,
    token_mark,
)
from gateway_service.audit.calls import NOBODY, Told, Whom

MEMBER_LIFE = timedelta(days=30)
STAFF_LIFE = timedelta(hours=12)
_FAILED = frozenset({"invalid_client", "invalid_grant"})
_SHOWN = ("client_secret", "code", "refresh_token", "phone", "otp")  # with what somebody tried
_LOOKING = frozenset({Role.ADMIN, Role.OPERATOR, Role.COMPLIANCE})  # at tokens of other clients


def read_request(method: str, uri: str, body: bytes, authorization: str) -> Request:
    """The form of a request. Raises OAuth2Error for none, or with a field twice."""
    try:
        return Request(method, uri, form_fields(body), authorization)
    except ValueError:
        raise InvalidRequestError("Invalid 'application/x-www-form-urlencoded' body") from None


async def load(tx: Tx, request: Request, *, dev: bool) -> Loaded:
    """What the request names."""
    loaded = Loaded(tx.now, tx.ids.new(), dev=dev)
    basic = basic_user((request.headers or {}).get("Authorization", ""))
    client_id = basic[0] if basic else request.form.get("client_id")
    if client_id:
        loaded.client = await repository.client(tx, client_id)
    grant = request.form.get("grant_type")
    if grant == "authorization_code" and "code" in request.form:
        loaded.code = await repository.code(tx, hash_secret(request.form["code"]))
    if grant == "refresh_token" and "refresh_token" in request.form:
        loaded.refresh = await repository.refresh(tx, hash_secret(request.form["refresh_token"]))
    return loaded


def authenticated(desk: Desk, told: Told, request: Request) -> Client:
    """The client that the request is of. Raises OAuth2Error."""
    try:
        client = desk.authenticate_client(request, AUTH_METHODS)
    except InvalidClientError:
        known = desk.loaded.client
        told.refused(Action.SIGN_IN, Whom(known.client_id, known.role) if known else NOBODY)
        raise
    assert isinstance(client, Client)
    return client


async def exchange(tx: Tx, tokens: Tokens, told: Told, request: Request, loaded: Loaded) -> Reply:
    """What was granted for a token. A refusal is an answer, too: what it does must be kept."""
    desk = Desk(loaded, tokens, MEMBER_LIFE)
    reply: Reply = desk.create_token_response(request)  # type: ignore[assignment]
    await _keep(tx, tokens, request, desk.decided)
    _tell(tx, told, request, desk, reply)
    return reply


def _tell(tx: Tx, told: Told, request: Request, desk: Desk, reply: Reply) -> None:
    """The audit hears of what failed, and of a sign-in that ended because a token came twice."""
    loaded, client = desk.loaded, desk.loaded.client
    if reply[1].get("error") in _FAILED:
        by = Whom(client.client_id, client.role) if client else NOBODY
        told.refused(Action.SIGN_IN, by, fields=[name for name in _SHOWN if name in request.form])
    once = loaded.code or loaded.refresh
    if desk.decided.reused is not None and once is not None:
        told.done(tx, Action.REVOCATION, whom(once.family.holder), fields=["sign_in"])


def whom(holder: Holder) -> Whom:
    """Whom a sign-in speaks for, to the audit; members by pseudonym only."""
    if holder.member_id is not None:
        return replace(NOBODY, role=holder.role, member_id=holder.member_id)
    return Whom(holder.subject, holder.role)


async def _keep(tx: Tx, tokens: Tokens, request: Request, decided: Decided) -> None:
    if decided.reused is not None:
        await end_family(tx, tokens, decided.reused)
    if decided.begun is not None:
        await repository.add_family(tx, decided.begun)
    if decided.used_code:
        await repository.use_code(tx, hash_secret(request.form["code"]))
    if decided.used_refresh:
        await repository.use_refresh(tx, hash_secret(request.form["refresh_token"]))
    if decided.next_refresh is not None and decided.family is not None:
        next_hash = hash_secret(decided.next_refresh)
        await repository.add_refresh(tx, next_hash, decided.family.family_id)


async def revoke(tx: Tx, tokens: Tokens, told: Told, request: Request) -> Reply:
    """RFC 7009: the client ends one of its tokens; of others it learns nothing."""
    client, token = await _asking(tx, tokens, told, request)
    known = await tokens.active(token)
    family = await _family_of(tx, known, token)
    by = Whom(client.client_id, client.role)
    if family is not None and family.client_id == client.client_id:
        await end_family(tx, tokens, family.family_id)
        by = replace(by, member_id=family.holder.member_id)
        told.done(tx, Action.REVOCATION, by, fields=["sign_in"])
    elif known is not None and known.claims["client_id"] == client.client_id:
        await end(tx, tokens, token_mark(str(known.claims["jti"])))
        told.done(tx, Action.REVOCATION, by, fields=["token"])
    elif known is not None or family is not None:
        told.refused(Action.REVOCATION, by)
    return 200, {}, []


async def introspect(tx: Tx, tokens: Tokens, told: Told, request: Request) -> Introspection:
    """RFC 7662, for the client itself and for those who run the platform."""
    client, token = await _asking(tx, tokens, told, request)
    if client.secret_hash is None:
        raise InvalidClientError
    known = await tokens.active(token)
    family = await _family_of(tx, known, token)
    owner = str(known.claims["client_id"]) if known else family.client_id if family else ""
    if owner != client.client_id and client.role not in _LOOKING:
        return Introspection(active=False)
    if known is not None:
        return _of_access_token(known)
    if family is None or family.revoked_at is not None or family.expires_at <= tx.now:
        return Introspection(active=False)
    return Introspection(
        active=True, client_id=family.client_id, sub=family.holder.subject, iss=tokens.issuer,
        exp=int(family.expires_at.timestamp()), iat=int(family.auth_time.timestamp()),
        role=family.holder.role, scope=str(family.holder.role),
    )  # fmt: skip


def _of_access_token(known: Verified) -> Introspection:
    claims = {name: str(value) for name, value in known.claims.items()}
    return Introspection(
        active=True, scope=claims["role"], client_id=claims["client_id"], token_type="Bearer",
        exp=int(known.expires), iat=int(known.issued), sub=claims["sub"], aud=claims["aud"],
        iss=claims["iss"], role=known.principal.role, acr=claims.get("acr"),
    )  # fmt: skip


async def _asking(tx: Tx, tokens: Tokens, told: Told, request: Request) -> tuple[Client, str]:
    """The client that asks, and the token that it asks about. Raises OAuth2Error."""
    loaded = await load(tx, request, dev=False)
    client = authenticated(Desk(loaded, tokens, MEMBER_LIFE), told, request)
    token = request.form.get("token")
    if not token:
        raise InvalidRequestError("Missing 'token'")
    return client, token


async def _family_of(tx: Tx, known: Verified | None, token: str) -> Family | None:
    """The sign-in that a token is of: an access token says so, a refresh token is looked up."""
    if known is None:
        stored = await repository.refresh(tx, hash_secret(token))
        return stored.family if stored and stored.used_at is None else None
    sid = known.claims.get("sid")
    return await repository.family(tx, UUID(str(sid))) if sid else None


async def end_family(tx: Tx, tokens: Tokens, family_id: UUID) -> None:
    """A sign-in with all its tokens."""
    await repository.end_families(tx, family_id=family_id)
    await end(tx, tokens, family_mark(family_id))


async def end_client(tx: Tx, tokens: Tokens, client_id: str) -> None:
    """Everything that was issued to a client."""
    await repository.end_families(tx, client=client_id)
    await end(tx, tokens, client_mark(client_id))


async def end_subject(tx: Tx, tokens: Tokens, subject: str) -> None:
    """Everything that speaks for somebody."""
    await repository.end_families(tx, subject=subject)
    await end(tx, tokens, subject_mark(subject))


async def end(tx: Tx, tokens: Tokens, mark: str) -> None:
    """Access tokens with this mark: here at the commit, elsewhere within a second or two."""
    now, until = tx.now, tx.now + timedelta(seconds=tokens.seconds)
    await repository.add_revocation(tx, mark, until)
    tx.after_commit(lambda: tokens.revocations.add(mark, now, until))


async def sweep(db: Database, midnight: datetime) -> None:
    """Every night: what has been over for a day."""
    async with db.transaction() as tx:
        await repository.sweep(tx, midnight - timedelta(days=1))

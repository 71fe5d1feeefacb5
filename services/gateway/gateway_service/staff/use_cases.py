"""Signing in at the page: ask, look at password and code, send back with an authorization code."""

import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec
from authlib.common.urls import add_params_to_uri
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AccessDeniedError

from chassis.database import Tx
from contracts.auditing import Action
from gateway_service.access import repository as sign_ins
from gateway_service.access.domain import CODE_LIFE, SECOND_FACTOR, Family, Holder, hash_secret
from gateway_service.access.limits import Bucket
from gateway_service.access.lockouts import charged
from gateway_service.access.protocol import Desk, Request, refused
from gateway_service.access.repository import StoredCode
from gateway_service.access.strongbox import lock, unlock
from gateway_service.access.use_cases import STAFF_LIFE, load
from gateway_service.audit.calls import NOBODY
from gateway_service.staff import passwords, repository
from gateway_service.staff.accounts import Door, shows_second_factor, whose
from gateway_service.staff.domain import STEP_UP, SigningIn, Staff, csrf_of

PASSWORD_TRIES = Bucket("sign_in", 1 / 60, 10)
ADDRESS_TRIES = Bucket("sign_in_address", 1, 100)
_PURPOSE = "sign-in"


@dataclass(frozen=True, slots=True)
class Show:
    """A page: its step (`password`, `otp` or `error`), what it carries along, what was wrong."""

    step: str
    query: dict[str, str]
    ticket: str = ""
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class GoBack:
    """To the client."""

    uri: str


async def ask(tx: Tx, door: Door, request: Request, cookie: str) -> Show | GoBack:
    """The first page. A client or an address that is not known is told here, never by redirect."""
    query = request.form
    refusal = await _refused(tx, door, request)
    if refusal is not None:
        return refusal
    if query.get("prompt") == "none":  # there is no session to go on with without asking
        return _back(door, query, error="login_required")
    begun = SigningIn(query, csrf_of(cookie), tx.now)
    return Show("password", query, _locked(door, begun))


async def proceed(
    tx: Tx, door: Door, form: dict[str, str], cookie: str, address: str
) -> Show | GoBack:
    """One step further. Raises Problem 429 or 503; a wrong password is an answer."""
    known = _unlocked(door, form.get("ticket", ""))
    if known is None or not cookie or not known.fits(cookie, tx.now):
        return Show("error", {}, wrong="stale")
    request = Request("GET", f"{door.tokens.issuer}/oauth2/authorize", known.query, "")
    refusal = await _refused(tx, door, request)
    if refusal is not None:
        return refusal
    if known.username is None:
        return await _password(tx, door, known, form, address)
    return await _second_factor(tx, door, known, known.username, form.get("otp", ""))


async def _second_factor(
    tx: Tx, door: Door, known: SigningIn, username: str, otp: str
) -> Show | GoBack:
    account = await repository.find(tx, username, lock=True)
    if account is None or account.disabled_at is not None or account.second_factor is None:
        return Show("error", known.query, wrong="stale")
    if not await shows_second_factor(tx, door, account, otp):
        door.told.refused(Action.SIGN_IN, whose(account), fields=["otp"])
        return Show("otp", known.query, _locked(door, known), "wrong_code")
    door.told.done(tx, Action.STEP_UP, whose(account))
    return await _admitted(tx, door, known, account, second_factor=True)


async def _password(
    tx: Tx, door: Door, known: SigningIn, form: dict[str, str], address: str
) -> Show | GoBack:
    username = form.get("username", "")
    await charged(door.limits, door.told, NOBODY, ADDRESS_TRIES, address)
    account = await repository.find(tx, username)
    await charged(door.limits, door.told, whose(account), PASSWORD_TRIES, username[:64])
    usable = account is not None and account.disabled_at is None
    password_hash = account.password_hash if account and usable else None
    right = await passwords.matches(password_hash, form.get("password", ""))
    if account is None or not right:
        door.told.refused(Action.SIGN_IN, whose(account), fields=["password"])
        return Show("password", known.query, _locked(door, known), "wrong_password")
    if account.second_factor is not None:
        further = msgspec.structs.replace(known, username=account.username)
        return Show("otp", known.query, _locked(door, further))
    if SECOND_FACTOR in known.query.get("acr_values", "").split():
        return _back(door, known.query, error="unmet_authentication_requirements")
    return await _admitted(tx, door, known, account, second_factor=False)


async def _admitted(
    tx: Tx, door: Door, known: SigningIn, account: Staff, *, second_factor: bool
) -> Show | GoBack:
    """A sign-in begins: the client gets a code for it."""
    query = known.query
    client = await sign_ins.client(tx, query["client_id"])
    if client is None or client.role not in (None, account.role):
        return _back(door, query, error=AccessDeniedError.error)
    holder = Holder(account.role, account.subject, store=account.store or client.store)
    family = Family(
        tx.ids.new(), client.client_id, holder, client.get_allowed_scope(query.get("scope")),
        tx.now, tx.now + STAFF_LIFE, tx.now + STEP_UP if second_factor else None,
    )  # fmt: skip
    code = secrets.token_urlsafe(32)
    bound = StoredCode(
        family, query["redirect_uri"], query["code_challenge"], query.get("nonce"),
        tx.now + CODE_LIFE, None,
    )  # fmt: skip
    await sign_ins.add_family(tx, family)
    await sign_ins.add_code(tx, hash_secret(code), bound)
    return _back(door, query, code=code)


async def _refused(tx: Tx, door: Door, request: Request) -> Show | GoBack | None:
    """What is wrong with an authorization request, to the client if we know where it is."""
    desk = Desk(await load(tx, request, dev=False), door.tokens, STAFF_LIFE)
    try:
        desk.get_consent_grant(request)  # type: ignore[no-untyped-call]
    except OAuth2Error as error:
        if error.redirect_uri:
            return _back(door, request.form, **refused(error)[1])
        return Show("error", request.form, wrong=str(error.error))
    return None


def _back(door: Door, query: dict[str, str], **answer: str) -> GoBack:
    """The client's address with an answer, the state, and who we are (RFC 9207)."""
    told = {**answer, "state": query.get("state"), "iss": door.tokens.issuer}
    params = [(name, value) for name, value in told.items() if value]
    return GoBack(add_params_to_uri(query["redirect_uri"], params))


def form_target(query: dict[str, str]) -> str:
    """Where a form of the page may lead, as a source of Content-Security-Policy."""
    parts = urlsplit(query.get("redirect_uri", ""))
    if parts.scheme in ("https", "http") and parts.netloc:
        return f"{parts.scheme}://{parts.netloc}"
    return f"{parts.scheme}:" if parts.scheme else ""


def _locked(door: Door, known: SigningIn) -> str:
    return lock(door.keys, _PURPOSE, msgspec.json.encode(known), _PURPOSE).hex()


def _unlocked(door: Door, ticket: str) -> SigningIn | None:
    try:
        content = unlock(door.keys, _PURPOSE, bytes.fromhex(ticket), _PURPOSE)
        return msgspec.json.decode(content, type=SigningIn)
    except ValueError:
        return None

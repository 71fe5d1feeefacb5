"""Signing in at the page: ask, look at password and code, send back with an authorization code."""

from urllib.parse import urlsplit

import msgspec
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AccessDeniedError

from chassis.database import Tx
from contracts.auditing import Action
from contracts.roles import Role
from gateway_service.access import repository as sign_ins
from gateway_service.access.domain import SECOND_FACTOR, Client, Holder
from gateway_service.access.limits import Bucket
from gateway_service.access.lockouts import charged
from gateway_service.access.protocol import Desk, Request, refused
from gateway_service.access.use_cases import STAFF_LIFE, load
from gateway_service.audit.calls import NOBODY
from gateway_service.staff import members, passwords, repository
from gateway_service.staff.accounts import Door, shows_second_factor, whose
from gateway_service.staff.domain import STEP_UP, SigningIn, Staff, csrf_of
from gateway_service.staff.members import Visitor
from gateway_service.staff.steps import GoBack, Lasts, Show, back, begun, locked, unlocked

PASSWORD_TRIES = Bucket("sign_in", 1 / 60, 10)
ADDRESS_TRIES = Bucket("sign_in_address", 1, 100)


async def ask(tx: Tx, door: Door, request: Request, cookie: str) -> Show | GoBack:
    """The first page. A client or an address that is not known is told here, never by redirect."""
    query = request.form
    client = await _asking(tx, door, request)
    if not isinstance(client, Client):
        return client
    if query.get("prompt") == "none":  # there is no session to go on with without asking
        return back(door, query, error="login_required")
    first = SigningIn(query, csrf_of(cookie), tx.now)
    step = "phone" if client.role is Role.MEMBER else "password"
    return Show(step, query, locked(door, first))


async def proceed(
    tx: Tx, door: Door, form: dict[str, str], cookie: str, address: str
) -> Show | GoBack:
    """One step further. Raises Problem 429 or 503; a wrong password is an answer."""
    known = unlocked(door, form.get("ticket", ""))
    if known is None or not cookie or not known.fits(cookie, tx.now):
        return Show("error", {}, wrong="stale")
    request = Request("GET", f"{door.tokens.issuer}/oauth2/authorize", known.query, "")
    client = await _asking(tx, door, request)
    if not isinstance(client, Client):
        return client
    if client.role is Role.MEMBER:
        return await members.proceed(tx, door, known, form, Visitor(client, address))
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
        return Show("otp", known.query, locked(door, known), "wrong_code")
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
        return Show("password", known.query, locked(door, known), "wrong_password")
    if account.second_factor is not None:
        further = msgspec.structs.replace(known, username=account.username)
        return Show("otp", known.query, locked(door, further))
    if SECOND_FACTOR in known.query.get("acr_values", "").split():
        return back(door, known.query, error="unmet_authentication_requirements")
    return await _admitted(tx, door, known, account, second_factor=False)


async def _admitted(
    tx: Tx, door: Door, known: SigningIn, account: Staff, *, second_factor: bool
) -> Show | GoBack:
    """A sign-in begins: the client gets a code for it."""
    query = known.query
    client = await sign_ins.client(tx, query["client_id"])
    if client is None or client.role not in (None, account.role):
        return back(door, query, error=AccessDeniedError.error)
    holder = Holder(account.role, account.subject, store=account.store or client.store)
    lasts = Lasts(tx.now + STAFF_LIFE, tx.now + STEP_UP if second_factor else None)
    return await begun(tx, door, query, client, (holder, lasts))


async def _asking(tx: Tx, door: Door, request: Request) -> Client | Show | GoBack:
    """The client that asks, or what is wrong with it: told to the client if we know where it is."""
    desk = Desk(await load(tx, request, dev=False), door.tokens, STAFF_LIFE)
    try:
        desk.get_consent_grant(request)  # type: ignore[no-untyped-call]
    except OAuth2Error as error:
        if error.redirect_uri:
            return back(door, request.form, **refused(error)[1])
        return Show("error", request.form, wrong=str(error.error))
    assert desk.loaded.client is not None
    return desk.loaded.client


def form_target(query: dict[str, str]) -> str:
    """Where a form of the page may lead, as a source of Content-Security-Policy."""
    parts = urlsplit(query.get("redirect_uri", ""))
    if parts.scheme in ("https", "http") and parts.netloc:
        return f"{parts.scheme}://{parts.netloc}"
    return f"{parts.scheme}:" if parts.scheme else ""

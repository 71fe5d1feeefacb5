"""Send a code to a phone; find the member that a code proves."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from authlib.oauth2.rfc6749 import InvalidRequestError

from chassis.database import Database, Tx
from contracts.auditing import Action
from contracts.classification import Kind
from contracts.gateway.access import Grant
from contracts.roles import Role
from gateway_service.access.domain import Holder
from gateway_service.access.limits import Bucket, Limits
from gateway_service.access.lockouts import charged
from gateway_service.access.protocol import Desk, Loaded, Request
from gateway_service.access.strongbox import lock, unlock
from gateway_service.access.tokens import Tokens
from gateway_service.access.use_cases import MEMBER_LIFE, authenticated
from gateway_service.audit.calls import NOBODY, Told, Whom
from gateway_service.dispatch.domain import Content
from gateway_service.egress.domain import CODE, Recipient
from gateway_service.egress.providers import Outgoing, Provider
from gateway_service.login import repository
from gateway_service.login.domain import (
    CODE_LIFE,
    DIGITS,
    MESSAGES,
    Tried,
    Use,
    counts,
    key_of,
    same,
    wrong,
)
from gateway_service.login.providers import MiniProgram
from gateway_service.proxy.forward import Forward
from gateway_service.proxy.sealing import unusable_value
from gateway_service.vault.index import Unusable
from gateway_service.vault.keys import Keys
from gateway_service.vault.seal import Vault

BY_NUMBER = Bucket("sms_number", 1 / 60, 1)
BY_NUMBER_AND_DAY = Bucket("sms_number_day", 10 / 86_400, 10)
BY_ADDRESS = Bucket("sms_address", 1 / 60, 20)
TRIES_BY_ADDRESS = Bucket("login_address", 1, 100)
_PURPOSE = "login-code"


@dataclass(frozen=True, slots=True)
class Login:
    """What signing a member in works with. `cost` is what all messages together may be."""

    tokens: Tokens
    keys: Keys
    vault: Vault
    limits: Limits
    forward: Forward
    sms: Provider
    mini_program: MiniProgram
    cost: Bucket
    dev: bool


@dataclass(frozen=True, slots=True)
class Caller:
    """Where somebody comes from who has no token yet, and what the audit is told through."""

    address: str
    told: Told


async def send_code(
    tx: Tx, login: Login, phone: str, who: str, *, use: Use = Use.LOGIN, limit: Bucket = BY_ADDRESS
) -> None:
    """A code to the number. Raises Problem 422, 429 or 503. `who` asks, and has so many (`limit`).

    Whether a member has this number is not even asked here, so nobody can learn it from this.
    """
    try:
        number = login.vault.index(Kind.PHONE, phone)
    except Unusable as unusable:
        raise unusable_value(unusable, "/phone") from None
    await login.limits.charge(limit, who)
    await login.limits.charge(BY_NUMBER, number)
    await login.limits.charge(BY_NUMBER_AND_DAY, number)
    await login.limits.charge(login.cost, "all")
    code, key = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}", key_of(use, number)
    sealed = lock(login.keys, _PURPOSE, code.encode(), key)
    await repository.put(tx, key, sealed, tx.now + CODE_LIFE)
    content = Content(MESSAGES[use].format(code=code), fields={"code": code})
    to = Recipient(None, phone, None)
    until = tx.now + CODE_LIFE
    message = Outgoing(tx.ids.new(), "sms", to, content, CODE, until)
    await login.sms.send(tx, [message])


async def used_up(tx: Tx, login: Login, use: Use, number: str, otp: str) -> Tried:
    """Whether it is the code that was sent to the number; then it is none any more. A wrong one is
    counted."""
    key = key_of(use, number)
    code = await repository.find(tx, key)
    # Without a code the same work is done on one that nobody can know.
    sealed = code.sealed if code else lock(login.keys, _PURPOSE, secrets.token_bytes(6), key)
    right = same(unlock(login.keys, _PURPOSE, sealed, key).decode("latin-1"), otp)
    if not (right and counts(code, tx.now)):
        await repository.tried(tx, key)
        return wrong(code)
    await repository.drop(tx, key)
    return Tried.RIGHT


async def prove(tx: Tx, login: Login, caller: Caller, request: Request, loaded: Loaded) -> None:
    """Put the member whom the request proves into `loaded`; other grants are left alone.

    Raises OAuth2Error for a client that may not, and Problem 429 or 503.
    """
    grant = request.form.get("grant_type")
    if grant not in (Grant.SMS_OTP, Grant.MINI_PROGRAM):
        return
    told = caller.told
    client = authenticated(Desk(loaded, login.tokens, MEMBER_LIFE), told, request)
    if not client.check_grant_type(grant):
        return  # the desk says so
    by = Whom(client.client_id, client.role)
    await charged(login.limits, told, by, TRIES_BY_ADDRESS, caller.address)
    by_sms = grant == Grant.SMS_OTP
    indexes = await (_by_sms(tx, login, told, request) if by_sms else _by_wechat(login, request))
    if not indexes:
        return
    found = await login.forward.resolve(indexes)
    member_id: UUID | None = next((found[each] for each in indexes if each in found), None)
    loaded.nobody = member_id is None
    loaded.holder = Holder(Role.MEMBER, str(member_id), member_id) if member_id else None


async def _by_sms(tx: Tx, login: Login, told: Told, request: Request) -> Sequence[str]:
    """The index of the number, if this is its code. A wrong one is counted."""
    phone, otp = request.form.get("phone"), request.form.get("otp")
    if not phone or not otp:
        raise InvalidRequestError("Missing 'phone' or 'otp'")
    try:
        number = login.vault.index(Kind.PHONE, phone)
    except Unusable:
        raise InvalidRequestError("Invalid 'phone'") from None
    tried = await used_up(tx, login, Use.LOGIN, number, otp)
    if tried is Tried.LOCKED:
        told.refused(Action.LOCK_OUT, NOBODY, fields=[Kind.PHONE])
    return (number,) if tried is Tried.RIGHT else ()


async def _by_wechat(login: Login, request: Request) -> Sequence[str]:
    """Indexes of the user, openid before unionid, if WeChat knows the code."""
    code = request.form.get("code")
    if not code:
        raise InvalidRequestError("Missing 'code'")
    session = await login.mini_program.session(code)
    if session is None:
        return ()
    indexes = [login.vault.index(Kind.MINIPROGRAM_OPENID, session.openid)]
    if session.unionid:
        indexes.append(login.vault.index(Kind.WECHAT_UNIONID, session.unionid))
    return indexes


async def sweep(db: Database, midnight: datetime) -> None:
    """Every night: codes that are over."""
    async with db.transaction() as tx:
        await repository.sweep(tx, midnight)

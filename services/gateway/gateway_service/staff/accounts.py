"""Admit staff and change accounts; one's own password and second factor."""

from dataclasses import dataclass, replace
from uuid import UUID

import pyotp

from chassis.database import Tx
from chassis.principal import Principal
from chassis.problem import Problem
from contracts.gateway.staff import (
    SecondFactorOffer,
    StaffAnswer,
    StaffChange,
    StaffItem,
    StaffList,
    StaffRequest,
    StepUpAnswer,
)
from contracts.roles import STAFF, Role
from gateway_service.access import repository as sign_ins
from gateway_service.access.clients import new_secret
from gateway_service.access.limits import Bucket, Limits
from gateway_service.access.lockouts import charged
from gateway_service.access.strongbox import lock, unlock
from gateway_service.access.tokens import Tokens
from gateway_service.access.use_cases import end_subject
from gateway_service.audit.calls import NOBODY, Told, Whom
from gateway_service.login.use_cases import Login
from gateway_service.staff import passwords, repository
from gateway_service.staff.domain import STEP_UP, Staff, matching_step, username_of
from gateway_service.vault.keys import Keys

OTP_TRIES = Bucket("second_factor", 1 / 300, 10)
_PURPOSE = "second-factor"
_ISSUER = "huiyuan"


@dataclass(frozen=True, slots=True)
class Door:
    """What signing in works with."""

    tokens: Tokens
    keys: Keys
    limits: Limits
    login: Login
    told: Told


async def admit(tx: Tx, wish: StaffRequest) -> StaffAnswer:
    """A new account with its first password. Raises Problem 409 or 422."""
    _must_be_staff(wish.role)
    password = new_secret()
    new = Staff(wish.username, wish.role, wish.store, await passwords.hashed(password))
    if not await repository.add(tx, new):
        raise Problem(409, "staff_exists", "There is an account of this name", pointer="/username")
    return _answer(new, password)


async def listed(tx: Tx) -> StaffList:
    """Every account."""
    return StaffList(
        data=[
            StaffItem(
                username=one.username, role=one.role, store=one.store,
                second_factor=one.second_factor is not None, disabled=one.disabled_at is not None,
            )
            for one in await repository.listed(tx)
        ]
    )  # fmt: skip


async def change(tx: Tx, tokens: Tokens, username: str, wish: StaffChange) -> StaffAnswer:
    """An administrator changes an account; whoever is signed in with it is no more."""
    account = await repository.find(tx, username, lock=True)
    if account is None:
        raise Problem(404, "unknown_staff", "There is no such account")
    password = new_secret() if wish.reset_password else None
    if wish.role is not None:
        _must_be_staff(wish.role)
        account = replace(account, role=wish.role)
    if "store" in wish.model_fields_set:
        account = replace(account, store=wish.store)
    if wish.disabled is not None:
        account = replace(account, disabled_at=tx.now if wish.disabled else None)
    if wish.reset_second_factor:
        account = replace(account, second_factor=None, second_factor_proposed=None)
    if password is not None:
        account = replace(account, password_hash=await passwords.hashed(password))
    await repository.change(tx, account)
    await end_subject(tx, tokens, account.subject)
    return _answer(account, password)


async def change_password(tx: Tx, tokens: Tokens, principal: Principal, old: str, new: str) -> None:
    """One's own. Raises Problem 403 for a wrong old one."""
    account = await _own(tx, principal)
    if not await passwords.matches(account.password_hash, old):
        raise Problem(403, "wrong_password", "This is not the password", pointer="/old")
    await repository.change(tx, replace(account, password_hash=await passwords.hashed(new)))
    await end_subject(tx, tokens, account.subject)


async def offer_second_factor(tx: Tx, keys: Keys, principal: Principal) -> SecondFactorOffer:
    """A new secret. Whoever has a second factor shows it before there is another."""
    account = await _own(tx, principal)
    if account.second_factor is not None and not principal.stepped_up:
        raise Problem(403, "step_up_needed", "Show the second factor first")
    secret = pyotp.random_base32()
    locked = lock(keys, _PURPOSE, secret.encode(), account.username)
    await repository.change(tx, replace(account, second_factor_proposed=locked))
    uri = pyotp.TOTP(secret).provisioning_uri(name=account.username, issuer_name=_ISSUER)
    return SecondFactorOffer(secret=secret, otpauth_uri=uri)


async def confirm_second_factor(tx: Tx, door: Door, principal: Principal, otp: str) -> None:
    """The secret that was offered counts. Raises Problem 403, 409 or 429."""
    account = await _own(tx, principal)
    proposed = account.second_factor_proposed
    if proposed is None:
        raise Problem(409, "nothing_offered", "There is no second factor to confirm")
    trial = replace(account, second_factor=proposed, second_factor_proposed=None, last_step=0)
    if not await shows_second_factor(tx, door, trial, otp):
        raise _wrong_code()


async def step_up(tx: Tx, door: Door, bearer: str, otp: str) -> StepUpAnswer:
    """The sign-in that a token is of has shown its second factor. Raises Problem 403 or 409."""
    known = await door.tokens.active(bearer)
    sid = known.claims.get("sid") if known else None
    family = await sign_ins.family(tx, UUID(str(sid))) if sid else None
    if known is None or family is None or family.revoked_at is not None:
        raise Problem(409, "no_session", "This token is of no sign-in")
    account = await _own(tx, known.principal)
    if account.second_factor is None:
        raise Problem(409, "no_second_factor", "There is no second factor")
    if not await shows_second_factor(tx, door, account, otp):
        raise _wrong_code()
    family = replace(family, stepped_up_until=tx.now + STEP_UP)
    await sign_ins.step_up(tx, family.family_id, tx.now + STEP_UP)
    issued = door.tokens.issue(family.client_id, family.holder, family)
    return StepUpAnswer(
        access_token=issued.token, expires_in=issued.expires_in, scope=family.holder.role
    )


def whose(account: Staff | None) -> Whom:
    """An account as the audit names it; what no account has as a name is nobody's."""
    return Whom(account.subject, account.role) if account else NOBODY


async def shows_second_factor(tx: Tx, door: Door, account: Staff, otp: str) -> bool:
    """Whether the code is good; then it is used up. Raises Problem 429 for too many tries."""
    assert account.second_factor is not None
    await charged(door.limits, door.told, whose(account), OTP_TRIES, account.username)
    secret = unlock(door.keys, _PURPOSE, account.second_factor, account.username).decode()
    step = matching_step(secret, otp, tx.now, account.last_step)
    if step is None:
        return False
    await repository.change(tx, replace(account, last_step=step))
    return True


async def _own(tx: Tx, principal: Principal) -> Staff:
    """The account of the caller, locked. Raises Problem 409 for a client without one."""
    username = username_of(principal.subject)
    account = await repository.find(tx, username, lock=True) if username else None
    if account is None:
        raise Problem(409, "no_account", "A client has no password and no second factor")
    return account


def _must_be_staff(role: Role) -> None:
    if role not in STAFF:
        raise Problem(
            422, "not_staff", "Members and partners have no account here", pointer="/role"
        )


def _wrong_code() -> Problem:
    return Problem(403, "wrong_code", "The code is wrong, too old, or was used", pointer="/otp")


def _answer(account: Staff, password: str | None) -> StaffAnswer:
    return StaffAnswer(
        username=account.username, role=account.role, store=account.store, password=password
    )

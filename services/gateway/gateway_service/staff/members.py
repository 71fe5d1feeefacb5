"""Members at the sign-in page: the phone, then the code that it got. Nobody learns from it whether
a number is a member's before the code was right."""

from dataclasses import dataclass

import msgspec

from chassis.database import Tx
from chassis.problem import Problem
from contracts.auditing import Action
from contracts.classification import Kind
from contracts.roles import Role
from gateway_service.access.domain import SECOND_FACTOR, Client, Holder
from gateway_service.access.lockouts import charged
from gateway_service.access.use_cases import MEMBER_LIFE
from gateway_service.audit.calls import NOBODY, Whom
from gateway_service.login.domain import Tried, Use
from gateway_service.login.use_cases import TRIES_BY_ADDRESS, send_code, used_up
from gateway_service.staff.accounts import Door
from gateway_service.staff.domain import SigningIn
from gateway_service.staff.steps import GoBack, Lasts, Show, back, begun, locked

_TOO_MANY = 429
_UNFIT = 422


@dataclass(frozen=True, slots=True)
class Visitor:
    """The app that sent the browser here, and where that comes from."""

    client: Client
    address: str


async def proceed(
    tx: Tx, door: Door, known: SigningIn, form: dict[str, str], visitor: Visitor
) -> Show | GoBack:
    """One step further. Raises Problem 503; what is too often, unfit or wrong is a page."""
    if SECOND_FACTOR in known.query.get("acr_values", "").split():
        return back(door, known.query, error="unmet_authentication_requirements")
    step = "phone" if known.phone is None else "sms"
    try:
        if known.phone is not None and "again" not in form:
            return await _code(tx, door, known, form.get("sms", ""), visitor)
        phone = known.phone or form.get("phone", "")
        await send_code(tx, door.login, phone, visitor.address)
    except Problem as problem:
        wrong = {_TOO_MANY: "too_many", _UNFIT: "wrong_phone"}.get(problem.status)
        if wrong is None:
            raise
        return Show(step, known.query, locked(door, known), wrong)
    return Show("sms", known.query, locked(door, msgspec.structs.replace(known, phone=phone)))


async def _code(tx: Tx, door: Door, known: SigningIn, otp: str, visitor: Visitor) -> Show | GoBack:
    client, login = visitor.client, door.login
    by = Whom(client.client_id, client.role)
    await charged(door.limits, door.told, by, TRIES_BY_ADDRESS, visitor.address)
    number = login.vault.index(Kind.PHONE, known.phone or "")
    tried = await used_up(tx, login, Use.LOGIN, number, otp)
    if tried is not Tried.RIGHT:
        door.told.refused(Action.SIGN_IN, by, fields=[Kind.PHONE])
        if tried is Tried.LOCKED:
            door.told.refused(Action.LOCK_OUT, NOBODY, fields=[Kind.PHONE])
        return Show("sms", known.query, locked(door, known), "wrong_sms")
    found = await login.forward.resolve([number])
    member_id = found.get(number)
    if member_id is None:
        again = msgspec.structs.replace(known, phone=None)
        return Show("phone", known.query, locked(door, again), "no_member")
    holder = Holder(Role.MEMBER, str(member_id), member_id)
    return await begun(tx, door, known.query, client, (holder, Lasts(tx.now + MEMBER_LIFE)))

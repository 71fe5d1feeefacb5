"""Whose an identifier is, is not told to whoever asks by registering or linking it (ADR 32).

Those whom the policy lets know learn it, at the price of a guess. Everybody else shows first that
the phone is the person's: a code goes to the number, whosever it is, and nothing is asked of
identity before it was right. What cannot be shown so (a card, an openid) costs a try each time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from chassis.problem import Problem
from contracts.auditing import Action, Decision
from contracts.classification import Kind
from contracts.roles import Role
from gateway_service.access.limits import Bucket
from gateway_service.audit.calls import entry_of
from gateway_service.proxy.call import Call
from gateway_service.proxy.client import Answer
from gateway_service.proxy.forward import Forward
from gateway_service.proxy.sealing import unusable_value
from gateway_service.vault.index import Unusable

CODE = b"verification-code"
TRIES = Bucket("claims", 10 / 3600, 10)
_TAKEN = "identifier_taken"
_IMPORTING = frozenset({Role.OPERATOR, Role.ADMIN})  # whole registers; their batches are audited
_HEADER = "#header/Verification-Code"
_ONE_PHONE = "One phone number has to be among the identifiers: its holder is asked"
_SENT = "A code was sent to this phone; call again with it in Verification-Code"
_WRONG = "The code is wrong, too old, or was used"
_ONE_BY_ONE = "Register one at a time, with the code that the person gets"


@dataclass(frozen=True, slots=True)
class Claim:
    """An identifier that somebody says is a member's, and where it stands in the body."""

    kind: str
    value: str
    pointer: str


class _Outcome(msgspec.Struct):
    code: str = ""


class _Result(msgspec.Struct):
    problem: _Outcome | None = None


class _Results(msgspec.Struct):
    results: list[_Result] = []


async def before(forward: Forward, call: Call, given: Sequence[Claim]) -> None:
    """Before identity is asked about identifiers.

    Raises Problem 403 `verification_needed` or `wrong_code`, 422, 429 or 503.
    """
    try:
        await _allowed(forward, call, given)
    except Problem as problem:
        if problem.status == 429 or problem.code == "wrong_code":
            _tell(call, Decision.REFUSED, given)
        raise


def _tell(call: Call, decision: Decision, given: Sequence[Claim]) -> None:
    """The audit hears that it was asked whose an identifier is."""
    kinds = [each.kind for each in given]
    call.entries.append(entry_of(call, Action.LOOKUP, decision, fields=kinds))


async def _allowed(forward: Forward, call: Call, given: Sequence[Claim]) -> None:
    if forward.may_know(call):
        await forward.guesses.begin(call.principal.subject)
        return
    phones = [each for each in given if each.kind == Kind.PHONE]
    if not phones and call.principal.role is Role.MEMBER:
        await forward.proofs.charge(TRIES, call.principal)
        return
    if len(phones) != 1:
        raise Problem(422, "phone_needed", _ONE_PHONE, pointer="")
    try:
        forward.vault.index(Kind.PHONE, phones[0].value)
    except Unusable as unusable:
        raise unusable_value(unusable, phones[0].pointer) from None
    await _proved(forward, call, phones[0].value)


async def _proved(forward: Forward, call: Call, phone: str) -> None:
    code = call.headers.get(CODE, b"").decode("latin-1")
    if not code:
        await forward.proofs.send(call.principal, phone)
        raise Problem(403, "verification_needed", _SENT, pointer=_HEADER)
    if not await forward.proofs.shown(call.principal, phone, code):
        raise Problem(403, "wrong_code", _WRONG, pointer=_HEADER)


async def before_batch(forward: Forward, call: Call) -> None:
    """The same for many at once. Raises Problem 403."""
    if not forward.may_know(call):
        raise Problem(403, "verification_needed", _ONE_BY_ONE)
    if call.principal.role not in _IMPORTING:
        await forward.guesses.begin(call.principal.subject)


async def after(forward: Forward, call: Call, answer: Answer, given: Sequence[Claim]) -> None:
    """Give the guess back, unless the answer says that an identifier is somebody's."""
    taken = False
    if answer.status == 409:
        taken = msgspec.json.decode(answer.body, type=_Outcome).code == _TAKEN
    if taken:
        _tell(call, Decision.DONE, given)
    if not forward.may_know(call):
        return
    await forward.guesses.end(call.principal.subject, int(taken))


async def after_batch(forward: Forward, call: Call, answer: Answer) -> None:
    """The same for many at once."""
    if call.principal.role in _IMPORTING:
        return
    results = []
    if answer.status == 200:
        results = msgspec.json.decode(answer.body, type=_Results).results
    taken = sum(each.problem is not None and each.problem.code == _TAKEN for each in results)
    await forward.guesses.end(call.principal.subject, taken)

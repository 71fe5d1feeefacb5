"""Registration: the gateway mints the member id, because sealed values are bound to it."""

import asyncio
from base64 import b64encode
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from chassis.problem import Problem
from contracts.auditing import Action, Decision
from contracts.classification import Kind
from contracts.identity import (
    LinkIdentifier,
    LookupRequest,
    RegisterMember,
    RegisterMembers,
    RegisterResult,
    UpdateMember,
)
from gateway_service.audit.calls import entry_of
from gateway_service.cleaning.domain import Correction
from gateway_service.cleaning.use_cases import Repair
from gateway_service.proxy.call import Call
from gateway_service.proxy.client import Answer
from gateway_service.proxy.edges import claims, merges
from gateway_service.proxy.edges.candidates import candidates
from gateway_service.proxy.edges.claims import Claim
from gateway_service.proxy.forward import Forward, json_answer
from gateway_service.proxy.sealing import Shape, seal
from gateway_service.vault.index import normalise

_BREATH = 20  # members sealed between two looks at what else is to do


async def register(forward: Forward, call: Call) -> Answer:
    """POST /v1/members."""
    shape, repair = forward.shape(RegisterMember), Repair()
    given = shape.decode(call.body, repair.member)
    claimed = [
        Claim(each["kind"], each["value"], f"/identifiers/{n}/value")
        for n, each in enumerate(given["identifiers"])
    ]
    await claims.before(forward, call, claimed)
    member_id = _minted(forward, call, 0)
    await forward.vault.ready([member_id], create=True)
    sealed = _member(forward, shape, given, member_id)
    answer = await forward.send(call, msgspec.json.encode(sealed))
    await claims.after(forward, call, answer, claimed)
    if answer.status < 300:
        await _corrected(forward, [(member_id, repair.found[0])])
        forward.newcomers.add([member_id])
        await _known_here(forward, call, [member_id])
    return answer


async def register_batch(forward: Forward, call: Call) -> Answer:
    """POST /v1/members/batch; a member whose values cannot be used is answered here."""
    repair = Repair()
    given = forward.shape(RegisterMembers).decode(call.body, repair.members)["members"]
    await claims.before_batch(forward, call)
    shape = forward.shape(RegisterMember)
    members: list[dict[str, Any]] = []
    refused: dict[int, RegisterResult] = {}
    ids = [_minted(forward, call, n) for n in range(len(given))]
    await forward.vault.ready(ids, create=True)
    for n, (member, member_id) in enumerate(zip(given, ids, strict=True)):
        if n % _BREATH == 0:
            await asyncio.sleep(0)
        try:
            members.append(_member(forward, shape, member, member_id))
        except Problem as problem:
            refused[n] = RegisterResult(status=problem.status, problem=problem.document())
    results: list[Any] = []
    if members:
        answer = await forward.send(call, msgspec.json.encode({"members": members}))
        await claims.after_batch(forward, call, answer)
        forward.newcomers.add(member["member_id"] for member in members)
        if answer.status != 200 or not (refused or call.principal.store or any(repair.found)):
            return answer
        results = msgspec.json.decode(answer.body)["results"]
        joined = [UUID(each["member_id"]) for each in results if each["status"] == 201]
        await _known_here(forward, call, joined)
    for n, result in refused.items():  # ascending, so that each finds its place
        results.insert(n, result.model_dump(mode="json", exclude_none=True))
    found = zip(results, ids, repair.found, strict=True)
    await _corrected(forward, [(who, what) for each, who, what in found if each["status"] == 201])
    return json_answer({"results": results})


async def link(forward: Forward, call: Call) -> Answer:
    """POST /v1/members/{member_id}/identifiers."""
    repair = Repair()
    given = forward.shape(LinkIdentifier).decode(call.body, repair.identifier)
    call.body = msgspec.json.encode(given)
    claimed = [Claim(given["kind"], given["value"], "/value")]
    await claims.before(forward, call, claimed)
    answer = await forward.plain(call)
    await claims.after(forward, call, answer, claimed)
    merges.after_link(call, answer)
    if answer.status < 300:
        await _corrected_now(forward, "link", call.member_id, repair)
    return answer


async def lookup(forward: Forward, call: Call) -> Answer:
    """POST /v1/members/lookup: who asks about whom is written down before it is answered."""
    who = call.principal.subject
    given = forward.shape(LookupRequest).decode(call.body, Repair().identifier)
    call.body = msgspec.json.encode(given)
    await forward.guesses.begin(who)
    if given.get("last4"):
        return await candidates(forward, call, LookupRequest.model_validate(given))
    answer = await forward.plain(call)
    await forward.guesses.end(who, answer.status == 404)
    if answer.status == 200:
        found = msgspec.json.decode(answer.body, type=_Found)
        kind = msgspec.json.decode(call.body, type=_Asked).kind
        call.audited = True
        call.entries.append(
            entry_of(call, Action.LOOKUP, Decision.DONE, members=[found.member_id], fields=[kind])
        )
    return answer


class _Found(msgspec.Struct):
    member_id: UUID


class _Asked(msgspec.Struct):
    kind: str


async def update(forward: Forward, call: Call) -> Answer:
    """PATCH /v1/members/{member_id}: with a birthday go its year and month."""
    repair = Repair()
    given = forward.shape(UpdateMember).decode(call.body, repair.member)
    answer = await forward.send(call, await sealed_update(forward, call.member_id, given))
    if answer.status < 300:
        await _corrected_now(forward, "update", call.member_id, repair)
    return answer


async def sealed_update(forward: Forward, member_id: UUID | None, given: dict[str, Any]) -> bytes:
    """The body of a PATCH as identity takes it. Raises Problem 422, or 410 for the erased.

    It has been cleaned. An address or city of no certain region leaves none.
    """
    if (given.get("address") or given.get("city")) and not given.get("region"):
        given = {**given, "region": ""}
    if member_id:
        await forward.vault.ready([member_id], create=True)
    plan = forward.shape(UpdateMember).plan
    sealed = seal(forward.vault, plan, given, member_id)
    return msgspec.json.encode(sealed | _born(given) | _likeness(forward, given))


def _member(
    forward: Forward, shape: Shape, given: dict[str, Any], member_id: UUID
) -> dict[str, Any]:
    sealed = seal(forward.vault, shape.plan, given, member_id)
    more = _born(given) | _likeness(forward, given)
    return {**sealed, "member_id": str(member_id), **more}


async def _corrected(forward: Forward, members: list[tuple[UUID, list[Correction]]]) -> None:
    """Keep what was corrected in registrations; ids are derived, so that a retry adds nothing."""
    found = [(str(who), who, what) for who, what in members]
    await forward.corrections.keep("registration", found)


async def _corrected_now(forward: Forward, source: str, who: UUID | None, repair: Repair) -> None:
    """Keep what was corrected in a call that may come again, and is then another."""
    found = [(str(forward.ids.new()), who, each) for each in repair.found]
    await forward.corrections.keep(source, found)


async def _known_here(forward: Forward, call: Call, members: list[UUID]) -> None:
    """Whoever joins in a store is known there."""
    if call.principal.store and members:
        await forward.relations.joined_in(call.principal.store, members)


def _minted(forward: Forward, call: Call, n: int) -> UUID:
    """The same id for the same key, so that a retry meets itself."""
    key = call.idempotency_key
    if key is None:
        return forward.ids.new()
    return forward.ids.derive("member", call.principal.subject, key, str(n))


def _likeness(forward: Forward, given: dict[str, Any]) -> dict[str, str]:
    """Match keys of what is given. The first of several phones counts."""
    record = {each["kind"]: each["value"] for each in reversed(given.get("identifiers") or ())}
    for field in ("name", "birthday", "gender", "address"):
        if given.get(field):
            record[field] = given[field]
    if given.get("city"):
        record["locality"] = given["city"]
    keys = forward.vault.matcher.derive(record)
    return {"match_keys": b64encode(keys).decode()} if any(keys) else {}


def _born(given: dict[str, Any]) -> dict[str, int]:
    """Year and month of birth, which the services may know; sealing has checked the date."""
    if not given.get("birthday"):
        return {}
    born = date.fromisoformat(normalise(Kind.BIRTHDAY, given["birthday"]))
    return {"birth_year": born.year, "birth_month": born.month}

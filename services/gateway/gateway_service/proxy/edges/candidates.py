"""Candidates by the last four characters: in outline whatever purpose is stated, and each question
is a guess, for it can be asked at random."""

from dataclasses import replace
from uuid import UUID

from chassis.problem import Problem
from contracts.auditing import Action, Decision
from contracts.identity import LookupRequest
from contracts.identity_inner import Addressee
from gateway_service.audit.calls import entry_of
from gateway_service.proxy.call import Call
from gateway_service.proxy.client import Answer, Gone
from gateway_service.proxy.forward import SYSTEM, Forward, json_answer
from gateway_service.tails.domain import Question
from gateway_service.tails.use_cases import usable_name

NOT_YOURS = Problem(403, "not_for_you", "Your role may not ask who is a member")
FOREIGN = Problem(403, "foreign_store", "You may only ask about your own store", pointer="/store")
VAGUE = Problem(
    422, "name_or_store", "Four characters are many people's", detail="add the name or a store"
)


async def candidates(forward: Forward, call: Call, given: LookupRequest) -> Answer:
    """Who may be meant, written down before it is answered. Raises Problem 403 or 422."""
    if not forward.may_know(call):
        raise NOT_YOURS
    own = call.principal.store
    if own and given.store and given.store != own:
        raise FOREIGN
    store, name = own or given.store, usable_name(given.name)
    if not (store or name):
        raise VAGUE

    async def fetch(member_id: UUID) -> Addressee | None:
        target = f"/internal/members/{member_id}"
        answer = await forward.inner.request("identity", "GET", target, SYSTEM)
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise Gone("identity")
        return Addressee.model_validate_json(answer.body)

    question = Question(given.kind, given.last4 or "", name, store)
    found = await forward.tails.find(question, forward.resolve, fetch)
    call.principal = replace(call.principal, purpose=None)
    members = [each.member_id for each, _ in found.members]
    call.audited = True
    call.entries.append(
        entry_of(call, Action.LOOKUP, Decision.DONE, members=members, fields=[given.kind, "last4"])
    )
    return json_answer({
        "member_id": None,
        "candidates": [
            {
                "member_id": each.member_id,
                "absorbed": each.absorbed,
                "name": each.name,
                "identifiers": [one.model_dump(mode="json") for one in identifiers],
            }
            for each, identifiers in found.members
        ],
        "more": found.more,
    })  # fmt: skip

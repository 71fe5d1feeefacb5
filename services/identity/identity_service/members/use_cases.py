"""Joining, reading, correcting."""

from collections.abc import Sequence
from uuid import UUID

from chassis.database import Tx
from chassis.principal import Principal
from chassis.problem import Problem
from contracts import identity as api
from contracts.base import ProblemError
from contracts.events import MemberRegistered
from contracts.identity_inner import Addressee
from identity_service.birthdays import use_cases as birthdays
from identity_service.identifiers.repository import of_member
from identity_service.identifiers.use_cases import unknown_member
from identity_service.likeness import use_cases as likeness
from identity_service.likeness.repository import overlay
from identity_service.members import repository
from identity_service.members.domain import Registered, Reused, Verdict, decide
from identity_service.merges.domain import Link, Mark
from identity_service.merges.repository import hold, insert_links, owned
from identity_service.merges.use_cases import tell

EVERY_IDENTIFIER = 1000  # a message needs them all; nobody has so many


async def register(
    tx: Tx, principal: Principal, members: Sequence[api.SealedMember]
) -> list[Verdict]:
    """Register whom nothing stands against; one verdict each."""
    await hold(tx)
    indexes = {identifier.index for member in members for identifier in member.identifiers}
    shown = {i: each.member_id for i, each in (await owned(tx, indexes)).items() if each.proven}
    verdicts = decide(
        members,
        await repository.known(tx, {member.member_id for member in members}),
        shown,
        tx.now,
    )
    joined = [
        member
        for member, verdict in zip(members, verdicts, strict=True)
        if isinstance(verdict, Registered) and verdict.fresh
    ]
    if joined:
        links = [link for member in joined for link in links_of(member)]
        await repository.insert(tx, joined)
        await insert_links(tx, links)
        await likeness.keep(tx, principal, joined)
        for member in joined:  # first all of one kind, then all of the other: readers take runs
            _tell(tx, member)
        tell(tx, links)
        birthdays.tell(tx, [(member.member_id, member.birthday) for member in joined])
    return verdicts


async def register_one(tx: Tx, principal: Principal, member: api.SealedMember) -> api.Registered:
    """A batch of one. Raises Problem 409 `identifier_taken`, 422 `member_id_reused`."""
    (verdict,) = await register(tx, principal, [member])
    if not isinstance(verdict, Registered):
        raise problem_of(verdict)
    return api.Registered(member_id=verdict.member_id, registered_at=verdict.registered_at)


def links_of(member: api.SealedMember) -> list[Link]:
    """What a registration links; an identifier that is named twice counts once."""
    marks = {
        found.index: Mark(found.index, found.kind, found.value) for found in member.identifiers
    }
    return [Link(mark, member.member_id, "registration") for mark in marks.values()]


def _tell(tx: Tx, member: api.SealedMember) -> None:
    tx.publish(
        MemberRegistered(
            member_id=member.member_id,
            registered_at=tx.now,
            channel=member.channel,
            gender=repository.gender_or_gap(member.gender),
            birth_year=member.birth_year,
            birth_month=member.birth_month,
            city=member.city,
            language=member.language,
            region=member.region or None,
        )
    )


def result_of(verdict: Verdict) -> api.RegisterResult:
    """A batch's answer to one registration."""
    if isinstance(verdict, Registered):
        return api.RegisterResult(
            status=201, member_id=verdict.member_id, registered_at=verdict.registered_at
        )
    problem = problem_of(verdict)
    return api.RegisterResult(status=problem.status, problem=problem.document())


def problem_of(verdict: Verdict) -> Problem:
    """What stands against a registration."""
    if isinstance(verdict, Registered):
        raise TypeError("nothing stands against it")
    if isinstance(verdict, Reused):
        return Problem(
            422, "member_id_reused", "This id or key was used for another registration before"
        )
    title = "This identifier is another member's"
    errors = [
        ProblemError(
            pointer=f"/identifiers/{position}/value", code="identifier_taken", detail=title
        )
        for position in verdict.positions
    ]
    return Problem(409, "identifier_taken", title, errors=errors)


async def read(tx: Tx, member_id: UUID) -> api.Member:
    """The member an id answers as. Raises Problem 404."""
    member = await repository.find(tx, member_id)
    if member is None:
        raise unknown_member()
    return member


async def correct(
    tx: Tx, principal: Principal, member_id: UUID, wanted: api.SealedUpdate
) -> api.Member:
    """Change what is given; a merged id changes its survivor. Raises Problem 404."""
    await hold(tx)  # or a merge could come between asking who survives and writing
    before = await read(tx, member_id)
    changes = wanted.model_dump(exclude_none=True, exclude={"match_keys"})
    if wanted.gender is not None:
        changes["gender"] = repository.gender_or_gap(wanted.gender)
    if wanted.region == "":
        changes["region"] = None
    if changes:
        await repository.change(tx, before.member_id, changes)
        birthdays.tell(tx, [(before.member_id, wanted.birthday)])
    if wanted.match_keys:
        trusted = likeness.trusts(principal)
        await overlay(tx, before.member_id, wanted.match_keys, trusted=trusted)
    return await read(tx, before.member_id)


async def addressee(tx: Tx, member_id: UUID) -> Addressee:
    """What the gateway needs to address a message to a member. Raises Problem 404."""
    member = await read(tx, member_id)
    return Addressee(
        member_id=member.member_id,
        absorbed=member.absorbed,
        language=member.language,
        name=member.name,
        identifiers=await of_member(tx, member.member_id, EVERY_IDENTIFIER),
    )

"""Finding a member by an identifier, and giving a member another one."""

from uuid import UUID

from chassis.database import Tx
from chassis.principal import Principal
from chassis.problem import Problem
from contracts import identity as api
from contracts.classification import Kind
from contracts.roles import Role
from identity_service.identifiers import repository
from identity_service.identifiers.domain import doubt
from identity_service.likeness.use_cases import strangers_among
from identity_service.merges.domain import Kinship, Mark, Reason
from identity_service.merges.repository import answers_as, hold, load, owners_of
from identity_service.merges.use_cases import answer, record

PAGE = 50
_SHOWN_BY_MEMBERS = frozenset({Kind.PHONE, Kind.DEVICE_ID})


async def lookup(tx: Tx, question: api.SealedLookup) -> api.LookupAnswer:
    """Whose it is. Raises Problem 404 `unknown_identifier`."""
    owner = (await owners_of(tx, [question.index])).get(question.index)
    if owner is None:
        raise Problem(404, "unknown_identifier", "No member has this identifier", pointer="/value")
    return api.LookupAnswer(member_id=owner)


async def page(tx: Tx, member_id: UUID, limit: int, cursor: str | None) -> api.Identifiers:
    """A page of a member's identifiers. Raises Problem 404, 422 `bad_cursor`."""
    if cursor is not None and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
        raise Problem(422, "bad_cursor", "Not a cursor of this list", pointer="#query/cursor")
    found = await answers_as(tx, member_id)
    if found is None:
        raise unknown_member()
    root, absorbed = found
    start = int(cursor or 0)
    rows = await repository.of_member(tx, root, limit + 1, start)
    more = str(start + limit) if len(rows) > limit else None
    return api.Identifiers(member_id=root, absorbed=absorbed, data=rows[:limit], next_cursor=more)


async def link(
    tx: Tx, principal: Principal, member_id: UUID, wanted: api.SealedLink
) -> api.LinkAnswer:
    """Link an identifier; where it is another member's, staff thereby merge the two.

    A member's own word is no proof of owning another's account, and a device proves nothing: both
    get Problem 409 `identifier_taken`. So do staff where a phone was handed on, or is a family's:
    `POST /v1/merges` is for those who know better. Raises Problem 404 for an unknown member.
    """
    await hold(tx)
    mark = Mark(wanted.index, wanted.kind, wanted.value)
    kin = await load(tx, [mark.index], [member_id])
    member, owner = kin.live(member_id), kin.owner(mark.index)
    if member is None:
        raise unknown_member()
    known, shown = kin.owned(mark.index), shows(principal, mark)
    if owner == member and known and known.proven >= shown:
        return api.LinkAnswer(member_id=member, outcome="already_linked")
    source = "member" if principal.role is Role.MEMBER else "staff"
    if known is None or (shown and not known.proven):
        kin.link(mark, member, source, proven=shown)
        await record(tx, kin)
        return api.LinkAnswer(member_id=member, outcome="linked")
    if principal.role is Role.MEMBER or not mark.proves:
        raise _taken()
    owners = {member: None, known.member_id: mark.index}
    if doubt(kin, owners, await strangers_among(tx, kin.people)):
        raise _taken("They do not look like one person; merge them by /v1/merges if they are")
    return await _merge(tx, kin, set(owners), Reason(mark.index, source, principal.subject))


def shows(principal: Principal, mark: Mark) -> bool:
    """Whether the caller's word shows whose an identifier is.

    Members answered a code that went to their phone, and hold their device. Of a card or an account
    they only say that it is theirs.
    """
    return principal.role is not Role.MEMBER or mark.kind in _SHOWN_BY_MEMBERS


def _taken(detail: str | None = None) -> Problem:
    title = "This identifier is another member's"
    return Problem(409, "identifier_taken", title, detail=detail, pointer="/value")


async def _merge(tx: Tx, kin: Kinship, members: set[UUID], reason: Reason) -> api.LinkAnswer:
    survivor = kin.unite(dict.fromkeys(members, reason))
    await record(tx, kin)
    return api.LinkAnswer(member_id=survivor, outcome="merged", merge=answer(kin.merges[0]))


def unknown_member() -> Problem:
    """404: the path names nobody."""
    return Problem(404, "unknown_member", "No member has this id", pointer="#path/member_id")

"""Members and who they are. Public models carry clear values; the gateway seals them and sends the
`Sealed…` twin of the same shape, whose personal strings can only be tokens."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from contracts.auditing import Action
from contracts.base import Model, ProblemDocument
from contracts.classification import (
    IDENTIFIER_KINDS,
    TAILED,
    Kind,
    counted,
    internal,
    personal,
    public,
    quasi,
    summed,
)
from contracts.matching import MatchKeys
from contracts.operations import DRY_RUN, PAGING, Operation
from contracts.roles import CHECKOUT, FIGURES, READING, SERVING, Role
from contracts.sealed import Sealed

Gender = Literal["male", "female", "unknown"]
MergeReason = Literal["same_person", "duplicate_registration", "member_request", "clean_up"]


def _identifier_kind(kind: Kind) -> Kind:
    if kind not in IDENTIFIER_KINDS:
        raise ValueError("not a kind of identifier")
    return kind


def _token(value: str) -> str:
    try:
        Sealed.parse(value)
    except ValueError:
        raise ValueError("not a sealed token") from None  # the cause would quote the value
    return value


IdentifierKind = Annotated[Kind, AfterValidator(_identifier_kind)]
Token = Annotated[str, AfterValidator(_token)]
City = Annotated[str | None, Field(max_length=64), quasi]
Region = Annotated[str | None, Field(pattern=r"^([1-9]\d{5})?$"), quasi]  # GB/T 2260
Language = Annotated[str, Field(pattern="^[a-z]{2,3}(-[A-Za-z]{2,4})?$"), public]
_SHORT = Field(min_length=1, max_length=128)
Name = Annotated[str | None, _SHORT, personal(Kind.NAME, at="member.name")]
_DAY = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")  # ISO 8601
Birthday = Annotated[str | None, _DAY, personal(Kind.BIRTHDAY, at="member.birthday")]
_LONG = Field(min_length=1, max_length=512)
Address = Annotated[str | None, _LONG, personal(Kind.ADDRESS, at="member.address")]
SealedName = Annotated[Token | None, personal(Kind.NAME, at="member.name")]
SealedBirthday = Annotated[Token | None, personal(Kind.BIRTHDAY, at="member.birthday")]
SealedAddress = Annotated[Token | None, personal(Kind.ADDRESS, at="member.address")]
BirthYear = Annotated[int | None, Field(ge=1850, le=2200), quasi]
BirthMonth = Annotated[int | None, Field(ge=1, le=12), quasi]


class IdentifierValue(Model):
    """One identifier in the clear: a phone number, an openid, a card number…"""

    kind: Annotated[IdentifierKind, public]
    value: Annotated[str, _LONG, personal(by="kind", at="identifier.value")]


class SealedIdentifierValue(IdentifierValue):
    """Behind the gateway: `value` is a token of the same kind that carries a blind index."""

    value: Annotated[Token, personal(by="kind", at="identifier.value")]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        token = Sealed.parse(self.value)
        if token.kind is not self.kind or token.blind_index is None:
            raise ValueError("not an indexed token of this kind")
        return self

    @property
    def index(self) -> str:
        """`<kind>:<blind index>`, under which equal values meet."""
        return Sealed.parse(self.value).index


class RegisterMember(Model):
    """Somebody joins, with identifiers that belong to no other member. Spellings of phones, names,
    dates, genders and addresses are repaired first (`GET /v1/members/{member_id}/corrections`)."""

    identifiers: Annotated[list[IdentifierValue], Field(min_length=1, max_length=32), internal]
    name: Name = None
    gender: Annotated[Gender, quasi] = "unknown"
    birthday: Birthday = None
    address: Address = None
    city: City = None
    region: Region = None
    language: Language = "zh"
    channel: Annotated[str | None, Field(max_length=64), public] = None


class SealedMember(RegisterMember):
    """`RegisterMember` behind the gateway, which adds the id and what it derives from the birthday.

    The gateway derives `member_id` from the Idempotency-Key, so that a retry meets itself.
    """

    member_id: Annotated[UUID, internal]
    identifiers: Annotated[
        list[SealedIdentifierValue], Field(min_length=1, max_length=32), internal
    ]  # type: ignore[assignment]
    name: SealedName = None
    birthday: SealedBirthday = None
    address: SealedAddress = None
    birth_year: BirthYear = None
    birth_month: BirthMonth = None
    match_keys: MatchKeys = None


class RegisterMembers(Model):
    """Up to 1,000 registrations; one answer each, in the same sequence."""

    members: Annotated[list[RegisterMember], Field(min_length=1, max_length=1000), internal]


class SealedMembers(Model):
    """`RegisterMembers` behind the gateway."""

    members: Annotated[list[SealedMember], Field(min_length=1, max_length=1000), internal]


class Registered(Model):
    """A member exists; a retry gets the same answer, even when the id has been merged since."""

    member_id: Annotated[UUID, internal]
    registered_at: Annotated[datetime, public]


class RegisterResult(Model):
    """One answer of a batch: 201 with the member, or another status with its problem.

    Pointers in the problem start at the item: `/identifiers/0/value`.
    """

    status: Annotated[int, public]
    member_id: Annotated[UUID | None, internal] = None
    registered_at: Annotated[datetime | None, public] = None
    problem: Annotated[ProblemDocument | None, public] = None


class RegisterResults(Model):
    """Answers to `RegisterMembers`, in its sequence."""

    results: Annotated[list[RegisterResult], internal]


class UpdateMember(Model):
    """What to change; a field that is absent or null stays as it is."""

    name: Name = None
    gender: Annotated[Gender | None, quasi] = None
    birthday: Birthday = None
    address: Address = None
    city: City = None
    region: Region = None  # empty: not known any more
    language: Annotated[Language | None, public] = None


class SealedUpdate(UpdateMember):
    """`UpdateMember` behind the gateway; with a birthday come its year and month."""

    name: SealedName = None
    birthday: SealedBirthday = None
    address: SealedAddress = None
    birth_year: BirthYear = None
    birth_month: BirthMonth = None
    match_keys: MatchKeys = None


class Member(Model):
    """A member. Asked by a merged id it answers as the survivor.

    `absorbed` are the ids merged into it: sealed values may be bound to any of them.
    """

    member_id: Annotated[UUID, internal]
    absorbed: Annotated[list[UUID], internal]
    status: Annotated[Literal["active"], public] = "active"
    name: Annotated[str | None, personal(Kind.NAME, at="member.name")] = None
    gender: Annotated[Gender, quasi] = "unknown"
    birthday: Annotated[str | None, personal(Kind.BIRTHDAY, at="member.birthday")] = None
    address: Annotated[str | None, personal(Kind.ADDRESS, at="member.address")] = None
    city: Annotated[str | None, quasi] = None
    region: Annotated[str | None, quasi] = None
    language: Annotated[str, public] = "zh"
    channel: Annotated[str | None, public] = None
    registered_at: Annotated[datetime, public]


class LookupRequest(IdentifierValue):
    """Whose is this identifier? In the body, never in the URL.

    By its whole `value`; or by the last four characters of a phone or card number and what else is
    known: the name, or a store where the member bought or joined. Whoever works in a store is
    answered about that store alone.
    """

    value: Annotated[str | None, _LONG, personal(by="kind", at="identifier.value")] = None  # type: ignore[assignment]
    last4: Annotated[str | None, Field(pattern="^[0-9A-Za-z]{4}$"), quasi] = None
    name: Name = None
    store: Annotated[str | None, Field(min_length=1, max_length=64), public] = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.value is None) is (self.last4 is None):
            raise ValueError("either value or last4")
        if self.last4 is None and (self.name or self.store):
            raise ValueError("name and store go with last4")
        if self.last4 and self.kind not in TAILED:
            raise ValueError("last4 is of a phone or a card_no")
        return self


class SealedLookup(SealedIdentifierValue):
    """`LookupRequest` behind the gateway: a token of either form, only its index is read."""


class Identifier(Model):
    """An identifier of a member. `source`: registration, staff, member or activity."""

    kind: Annotated[Kind, public]
    value: Annotated[str | None, personal(by="kind", at="identifier.value")]
    linked_at: Annotated[datetime, public]
    source: Annotated[str, public]


class Candidate(Model):
    """Somebody who may be meant, in outline; `identifiers` are those that end as was asked."""

    member_id: Annotated[UUID, internal]
    absorbed: Annotated[list[UUID], internal]
    name: Annotated[str | None, personal(Kind.NAME, at="member.name")] = None
    identifiers: Annotated[list[Identifier], internal]


class LookupAnswer(Model):
    """The surviving member; asked by `last4`, no `member_id` but up to 20 candidates."""

    member_id: Annotated[UUID | None, internal] = None
    candidates: Annotated[list[Candidate], internal] = []
    more: Annotated[bool, public] = False


class Identifiers(Model):
    """A member's identifiers, the oldest link first. `absorbed` as in `Member`."""

    member_id: Annotated[UUID, internal]
    absorbed: Annotated[list[UUID], internal]
    data: Annotated[list[Identifier], internal]
    next_cursor: Annotated[str | None, public] = None


class LinkIdentifier(IdentifierValue):
    """An identifier that is this member's, too."""


class SealedLink(SealedIdentifierValue):
    """`LinkIdentifier` behind the gateway."""


class MergeRequest(Model):
    """Two members are one person; `absorbed_id` will answer as `survivor_id`."""

    survivor_id: Annotated[UUID, internal]
    absorbed_id: Annotated[UUID, internal]
    reason: Annotated[MergeReason, public] = "same_person"


class Merge(Model):
    """A merge and its lineage. `merge_id` and `merged_at` are null in a dry run.

    `evidence` is the kind of the shared identifier, or the reason staff gave. `identifiers` are the
    kinds of the identifiers that moved, `members` the ids that had been merged into the absorbed
    one before, `filled` the survivor's gaps that were filled.
    """

    merge_id: Annotated[UUID | None, internal] = None
    survivor_id: Annotated[UUID, internal]
    absorbed_id: Annotated[UUID, internal]
    merged_at: Annotated[datetime | None, public] = None
    source: Annotated[str, public]
    evidence: Annotated[str, public]
    actor: Annotated[str, internal]
    identifiers: Annotated[list[Kind], public]
    members: Annotated[list[UUID], internal]
    filled: Annotated[list[str], public]
    undone_at: Annotated[datetime | None, public] = None


class Split(Model):
    """A merge that was taken back, or would be (`split_at` null: a dry run).

    `restored_id` answers for itself again, `members` as it. `identifiers` are the kinds of those
    that return with it, `cleared` attributes that only it had and the survivor loses.
    """

    merge_id: Annotated[UUID, internal]
    survivor_id: Annotated[UUID, internal]
    restored_id: Annotated[UUID, internal]
    members: Annotated[list[UUID], internal]
    identifiers: Annotated[list[Kind], public]
    cleared: Annotated[list[str], public]
    split_at: Annotated[datetime | None, public] = None


class LinkAnswer(Model):
    """`linked` (201), `already_linked` (200), or `merged` (200): it was another member's."""

    member_id: Annotated[UUID, internal]
    outcome: Annotated[Literal["linked", "already_linked", "merged"], public]
    merge: Annotated[Merge | None, internal] = None


class MemberStats(Model):
    """Ids ever registered, members that survive, identifiers, merges in force."""

    registered: Annotated[int, counted]
    members: Annotated[int, counted]
    identifiers: Annotated[int, summed("members")]
    merges: Annotated[int, counted]


_CORRECTING = (SERVING - {Role.POS}) | {Role.MEMBER}
_MERGING = frozenset({Role.SERVICE_AGENT, Role.OPERATOR, Role.ADMIN})
_TAGS = ("Members and identity",)

OPERATIONS: list[Operation] = [
    Operation(
        "POST", "/v1/members", "identity", "Register a member", SERVING | {Role.PARTNER},
        request=RegisterMember, response=Registered, status=201, idempotent=True, own=None,
        edge="register", tags=_TAGS,
    ),
    Operation(
        "POST", "/v1/members/batch", "identity", "Register up to 1,000 members", CHECKOUT,
        request=RegisterMembers, response=RegisterResults, idempotent=True, own=None,
        edge="register_batch", tags=_TAGS, audited=Action.IMPORT,
    ),
    Operation(
        "GET", "/v1/members/stats", "identity", "How many members, identifiers and merges",
        FIGURES, response=MemberStats, own=None, tags=_TAGS,
    ),
    Operation(
        "POST", "/v1/members/lookup", "identity",
        "Find a member by an identifier, or candidates by its last four characters",
        SERVING | {Role.COMPLIANCE}, request=LookupRequest, response=LookupAnswer, own=None,
        edge="lookup", tags=_TAGS, audited=Action.LOOKUP,
    ),
    Operation(
        "GET", "/v1/members/{member_id}", "identity", "Read a member", READING,
        response=Member, tags=_TAGS,
    ),
    Operation(
        "PATCH", "/v1/members/{member_id}", "identity", "Correct a member's attributes",
        _CORRECTING, request=UpdateMember, response=Member, edge="update_member", tags=_TAGS,
    ),
    Operation(
        "GET", "/v1/members/{member_id}/identifiers", "identity", "A member's identifiers",
        READING, response=Identifiers, query=PAGING, tags=_TAGS,
    ),
    Operation(
        "POST", "/v1/members/{member_id}/identifiers", "identity",
        "Link an identifier; staff thereby merge with the member who has it",
        SERVING | {Role.MEMBER}, request=LinkIdentifier, response=LinkAnswer, status=201,
        done_before=True, edge="link", tags=_TAGS,
    ),
    Operation(
        "POST", "/v1/merges", "identity", "Merge two members", _MERGING,
        request=MergeRequest, response=Merge, status=201, query=(DRY_RUN,), idempotent=True,
        own=None, edge="merge", tags=_TAGS, audited=Action.MERGE,
    ),
    Operation(
        "GET", "/v1/merges/{merge_id}", "identity", "A merge and its lineage",
        _MERGING | {Role.COMPLIANCE}, response=Merge, own=None, tags=_TAGS,
    ),
    Operation(
        "POST", "/v1/merges/{merge_id}/split", "identity", "Take a merge back, exactly", _MERGING,
        response=Split, query=(DRY_RUN,), idempotent=True, own=None, edge="merge", tags=_TAGS,
        audited=Action.MERGE,
    ),
]  # fmt: skip

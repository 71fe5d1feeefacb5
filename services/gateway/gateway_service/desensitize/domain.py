"""What a decision is about and what comes out of it. Pure; the policy itself is policy.cedar."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

from contracts.classification import Kind
from contracts.reading import Purpose
from contracts.roles import STAFF, Role

NOBODY = "nobody"  # the role of a call that needs no token
ROLES = (*(str(role) for role in Role), NOBODY)


class Level(StrEnum):
    """How much of a value is shown, from all to nothing.

    MASKED is the value's outline, PRESENCE says only that there is one, DENIED not even that.
    """

    PLAIN = "plain"
    MASKED = "masked"
    PRESENCE = "presence"
    DENIED = "denied"


class Relation(StrEnum):
    """Of the caller to the member whom an object is about."""

    SELF = "self"
    OWN_STORE = "own_store"
    OTHER = "other"


INTERNAL, MEMBER_ID, AGGREGATE = "internal", "member_id", "aggregate"
EXISTENCE = "existence"  # no field: whether an identifier is somebody's
DEMOGRAPHIC, BEHAVIOUR, SENSITIVE = "demographic", "behaviour", "sensitive"
FIELDS = (
    INTERNAL, MEMBER_ID, AGGREGATE, EXISTENCE, DEMOGRAPHIC, BEHAVIOUR,
    *(str(kind) for kind in Kind), SENSITIVE,
)  # fmt: skip
SENSITIVE_FIELDS = frozenset({SENSITIVE, str(Kind.ID_NUMBER)})

Row = Mapping[str, Level]  # every field


@dataclass(frozen=True, slots=True)
class Asker:
    """What does not change within one call: role, stated purpose, second factor."""

    role: str
    purpose: str = Purpose.NONE
    step_up: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """What is true of the member whom an object is about, to this caller.

    `consent` is to the caller's use of it, `consent_sensitive` to the use of sensitive data;
    `guarded`: under 14, and no approver has granted the reading.
    """

    relation: Relation = Relation.OTHER
    consent: bool = False
    consent_sensitive: bool = False
    guarded: bool = False


Key = tuple[str, str, str, bool, bool, bool]  # role, purpose, relation, consent, step_up, guarded
_YES_NO = (False, True)


def every_key() -> list[Key]:
    """The whole space of circumstances."""
    return list(
        product(
            ROLES, (str(p) for p in Purpose), (str(r) for r in Relation), _YES_NO, _YES_NO, _YES_NO
        )
    )


def situations(role: str) -> list[Situation]:
    """Every situation of a member towards a caller of this role."""
    relations = [Relation.SELF, Relation.OTHER]
    if role != Role.MEMBER:
        relations = [Relation.OWN_STORE, Relation.OTHER]
    return [Situation(*each) for each in product(relations, _YES_NO, _YES_NO, _YES_NO)]


def asker(role: Role | None, purpose: str | None, ticket: str | None, *, step_up: bool) -> Asker:
    """Who asks. Staff who give no ticket have stated no purpose."""
    stated = purpose if purpose and (ticket or role not in STAFF) else Purpose.NONE
    return Asker(str(role) if role else NOBODY, stated, step_up)


class Table:
    """The policy as a look-up table: a row of levels by field for every key."""

    __slots__ = ("_rows", "_views", "digest")

    def __init__(self, rows: Mapping[Key, Row], digest: str) -> None:
        self._rows, self.digest = rows, digest
        self._views: dict[tuple[Asker, Situation], Row] = {}

    def row(self, key: Key) -> Row:
        """The decisions under these circumstances."""
        return self._rows[key]

    def view(self, asker: Asker, situation: Situation) -> Row:
        """The decisions about one member; sensitive fields by the consent that is theirs."""
        found = self._views.get((asker, situation))
        if found is None:
            found = self._view(asker, situation)
            self._views[asker, situation] = found
        return found

    def _view(self, asker: Asker, situation: Situation) -> Row:
        def row(*, consent: bool) -> Row:
            return self._rows[
                asker.role, asker.purpose, situation.relation, consent, asker.step_up,
                situation.guarded,
            ]  # fmt: skip

        ordinary, sensitive = (
            row(consent=situation.consent),
            row(consent=situation.consent_sensitive),
        )
        if ordinary is sensitive:
            return ordinary
        return {
            field: (sensitive if field in SENSITIVE_FIELDS else ordinary)[field] for field in FIELDS
        }

"""Security incidents: whom one concerns, and what the authority and members are told.

There is no free text: what happened is said in codes, so that the notices can be written at once,
in both languages, and hold nothing personal.
"""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, model_validator

from contracts.auditing import Action
from contracts.base import Model
from contracts.classification import DataClass, Kind, internal, public
from contracts.gateway.common import OVERSIGHT, PRIVACY, ClientId, Wording
from contracts.holdings import HOLDINGS
from contracts.operations import PAGING, Operation

Nature = Literal["leak", "tampering", "loss"]
Cause = Literal[
    "intrusion", "stolen_credential", "insider", "misconfiguration", "lost_device", "misdirected",
    "unknown",
]  # fmt: skip
Measure = Literal[
    "access_revoked", "keys_rotated", "systems_isolated", "data_restored", "members_logged_out",
    "police_informed",
]  # fmt: skip
Service = Literal["identity", "profile", "points", "campaign", "gateway"]
_TABLES = frozenset(each.name for each in HOLDINGS if each.members)


class KeyVersion(Model):
    """A version of a key: of members' own, of the programme's own (what was sealed before a member
    was known), of the one that wraps these, or of the root key."""

    key: Annotated[Literal["member", "programme", "wrapping", "root"], public]
    version: Annotated[int, Field(ge=1, le=2**31 - 1), public]


class IncidentRequest(Model):
    """What is known. Concerned are rows of the services and tables named, narrowed to the kinds of
    value in `fields` and to what is sealed under `keys`; fields or keys alone mean wherever they
    are; `credentials` means what was read with them in the window.

    `rows`: those that were `present` at the end of the window, or those `written` in it.
    """

    nature: Annotated[Nature, public]
    cause: Annotated[Cause, public]
    since: Annotated[AwareDatetime, public]
    until: Annotated[AwareDatetime, public]
    rows: Annotated[Literal["present", "written"], public] = "present"
    services: Annotated[list[Service], Field(max_length=5), public] = Field(default_factory=list)
    tables: Annotated[list[str], Field(max_length=64), public] = Field(default_factory=list)
    fields: Annotated[list[Kind], Field(max_length=32), public] = Field(default_factory=list)
    keys: Annotated[list[KeyVersion], Field(max_length=16), public] = Field(default_factory=list)
    credentials: Annotated[list[ClientId], Field(max_length=64), internal] = Field(
        default_factory=list
    )
    measures: Annotated[list[Measure], Field(max_length=6), public] = Field(default_factory=list)

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        if self.since > self.until:
            raise ValueError("since must not come after until")
        if not (self.services or self.tables or self.fields or self.keys or self.credentials):
            raise ValueError("services, tables, fields, keys or credentials must be named")
        if not _TABLES.issuperset(self.tables):
            raise ValueError("tables are <service>.<table> of the processing register")
        return self


class IncidentNotices(Model):
    """What PIPL Article 57 asks for, to be sent as it is or edited."""

    authority: Annotated[Wording, public]
    members: Annotated[Wording, public]


class AffectedCount(Model):
    """How many members, each counted once."""

    of: Annotated[str, public]
    members: Annotated[int, public]


class Incident(Model):
    """An incident and how far the search for those affected has come.

    `waiting` are tables not read yet, of services that did not answer as well; `late` says that the
    search should be over. The list and the notices are due an hour after it was opened;
    notices come with the whole list.
    """

    incident_id: Annotated[UUID, internal]
    opened_at: Annotated[AwareDatetime, public]
    opened_by: Annotated[str, internal]
    due_at: Annotated[AwareDatetime, public]
    finished_at: Annotated[AwareDatetime | None, public]
    late: Annotated[bool, public]
    request: Annotated[IncidentRequest, internal]
    done: Annotated[int, public]
    total: Annotated[int, public]
    waiting: Annotated[list[str], public]
    members: Annotated[int, public]
    by_class: Annotated[list[AffectedCount], public]
    by_table: Annotated[list[AffectedCount], public]
    notices: Annotated[IncidentNotices | None, public]


class AffectedMember(Model):
    """A member, and which classes of the member's data are concerned."""

    member_id: Annotated[UUID, internal]
    data_classes: Annotated[list[DataClass], public]
    tables: Annotated[list[str], public]


class AffectedMembers(Model):
    """Ordered by id."""

    data: Annotated[list[AffectedMember], internal]
    next_cursor: Annotated[str | None, public] = None


OPERATIONS: list[Operation] = [
    Operation(
        "POST", "/v1/incidents", "gateway", "Find whom an incident concerns", OVERSIGHT,
        request=IncidentRequest, response=Incident, status=202, own=None, tags=PRIVACY,
        audited=Action.INCIDENT,
    ),
    Operation(
        "GET", "/v1/incidents/{incident_id}", "gateway", "An incident, counts and notices",
        OVERSIGHT, response=Incident, own=None, tags=PRIVACY,
    ),
    Operation(
        "GET", "/v1/incidents/{incident_id}/members", "gateway", "Those whom an incident concerns",
        OVERSIGHT, response=AffectedMembers, query=PAGING, own=None, tags=PRIVACY,
        audited=Action.EXPORT,
    ),
]  # fmt: skip

"""Journeys: what happens to a member step by step, executed under a campaign. Owned by campaign."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, model_validator

from contracts.base import Model
from contracts.campaign.journey_nodes import Condition, Heard, Node, NodeName, Signal, Where
from contracts.campaign.plans import CampaignStatus
from contracts.campaign.readers import APPROVERS, EXPLAINED_TO, PLANNERS, READERS
from contracts.classification import counted, internal, public
from contracts.operations import DRY_RUN, PAGING, Operation, Query

MOST_NODES = 100


class Entry(Model):
    """How members get in: every midnight out of the campaign's audience, or at an event.

    Who enters at an event has to be of the audience as well, if the campaign has one. `when`: what
    has to be true of the member besides.
    """

    on: Annotated[Literal["audience"] | Signal, public] = "audience"
    where: Annotated[list[Where], Field(max_length=5), public] = Field(default_factory=list)
    when: Annotated[Condition | None, public] = None


class Reentry(Model):
    """Whether who has been in a journey gets in again: never, once `days` have passed since the
    member last entered, or always. Nobody is in a journey twice at a time."""

    rule: Annotated[Literal["never", "after", "always"], public] = "never"
    days: Annotated[int | None, Field(ge=1, le=3_650), public] = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.rule == "after") != (self.days is not None):
            raise ValueError("`days` belongs to the rule `after`, and only to that")
        return self


class Exit(Heard):
    """Wherever the member is then, this event ends it; `name` is what the path says."""

    name: NodeName


class Definition(Model):
    """A journey as a graph of named nodes, beginning at `start`."""

    entry: Annotated[Entry, public] = Entry()
    reentry: Annotated[Reentry, public] = Reentry()
    exits: Annotated[list[Exit], Field(max_length=10), public] = Field(default_factory=list)
    start: NodeName
    nodes: Annotated[
        dict[NodeName, Node], Field(min_length=1, max_length=MOST_NODES), public
    ]  # fmt: skip


class Upgrade(Model):
    """What becomes of members on their way when a version takes over: they `stay` on theirs, or
    `move`. `nodes`: where those at a node that is gone (or is to be left) go on."""

    rule: Annotated[Literal["stay", "move"], public] = "stay"
    nodes: Annotated[dict[NodeName, NodeName], Field(max_length=MOST_NODES), public] = Field(
        default_factory=dict
    )


class JourneyRequest(Model):
    """A journey for a campaign that is still planned: it is approved with the plan."""

    campaign_id: Annotated[UUID, internal]
    definition: Annotated[Definition, public]


class JourneyVersionRequest(Model):
    """The next version. While the campaign is planned it is part of the plan; once it is approved
    somebody else has to approve the version, and only then it takes over."""

    definition: Annotated[Definition, public]
    upgrade: Annotated[Upgrade, public] = Upgrade()


class JourneyApproval(Model):
    """Which version was looked at."""

    version: Annotated[int, Field(ge=1), public]


class Journey(Model):
    """A version of a journey. `version` is the one shown, `running` the one that members enter,
    `proposed` one that waits for approval."""

    journey_id: Annotated[UUID, internal]
    campaign_id: Annotated[UUID, internal]
    campaign: Annotated[str, internal]
    status: Annotated[CampaignStatus, public]
    running: Annotated[int, public]
    proposed: Annotated[int | None, public] = None
    version: Annotated[int, public]
    author: Annotated[str, internal]
    approver: Annotated[str | None, internal] = None
    created_at: Annotated[AwareDatetime, public]
    definition: Annotated[Definition, public]
    upgrade: Annotated[Upgrade, public]


class JourneyPage(Model):
    """Journeys in their running versions, newest first."""

    data: Annotated[list[Journey], internal]
    next_cursor: Annotated[str | None, public] = None


class NodeCount(Model):
    """How many members are at a node, in a version."""

    version: Annotated[int, public]
    node: Annotated[str, public]
    members: Annotated[int, counted]


class EndCount(Model):
    """How many ended for a reason."""

    reason: Annotated[str, public]
    members: Annotated[int, counted]


class JourneyCounts(Model):
    """Where the members of a journey are."""

    journey_id: Annotated[UUID, internal]
    nodes: Annotated[list[NodeCount], public]
    ended: Annotated[list[EndCount], public]


class JourneyMember(Model):
    """One on the way: where, since when, until when at the latest."""

    member_id: Annotated[UUID, internal]
    version: Annotated[int, public]
    node: Annotated[str, public]
    entered_at: Annotated[AwareDatetime, public]
    since: Annotated[AwareDatetime, public]
    until: Annotated[AwareDatetime | None, public] = None


class JourneyMembers(Model):
    """Those on their way, who entered last first."""

    data: Annotated[list[JourneyMember], internal]
    next_cursor: Annotated[str | None, public] = None


class PathStep(Model):
    """What happened at a node, in words."""

    at: Annotated[AwareDatetime, public]
    node: Annotated[str, public]
    zh: Annotated[str, internal]
    en: Annotated[str, internal]


class MemberJourney(Model):
    """A member's way through a journey. `control`: for comparison only; nothing is done."""

    journey_id: Annotated[UUID, internal]
    campaign: Annotated[str, internal]
    version: Annotated[int, public]
    entered_at: Annotated[AwareDatetime, public]
    node: Annotated[str | None, public] = None
    ended_at: Annotated[AwareDatetime | None, public] = None
    reason: Annotated[str | None, public] = None
    control: Annotated[bool, public]
    path: Annotated[list[PathStep], internal]


class MemberJourneyPage(Model):
    """What a member went through, newest first."""

    data: Annotated[list[MemberJourney], internal]
    next_cursor: Annotated[str | None, public] = None


_ONE = "/v1/journeys/{journey_id}"
_TAGS = ("campaigns",)
_VERSION = Query("version", Annotated[int, Field(ge=1)], "which one; the running one unless given")
_NODE = Query("node", Annotated[str, Field(max_length=40)], "those at this node only")


def _change(method: str, path: str, summary: str, body: Any, roles: Any = PLANNERS) -> Operation:
    return Operation(
        method, path, "campaign", summary, roles, request=body, response=Journey,
        status=201 if path == "/v1/journeys" else 200, query=(DRY_RUN,), idempotent=True,
        tags=_TAGS,
    )  # fmt: skip


OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/journeys", "campaign", "Journeys, newest first", READERS,
        response=JourneyPage, query=PAGING, tags=_TAGS,
    ),
    _change("POST", "/v1/journeys", "Lay out a journey for a planned campaign", JourneyRequest),
    Operation(
        "GET", _ONE, "campaign", "A journey in one of its versions", READERS,
        response=Journey, query=(_VERSION,), tags=_TAGS,
    ),
    _change("PUT", _ONE, "The next version", JourneyVersionRequest),
    _change(
        "POST", f"{_ONE}/approve", "Let somebody else's version take over", JourneyApproval,
        APPROVERS,
    ),
    Operation(
        "GET", f"{_ONE}/counts", "campaign", "How many members are where", READERS,
        response=JourneyCounts, tags=_TAGS,
    ),
    Operation(
        "GET", f"{_ONE}/members", "campaign", "Who is on the way, and where", READERS,
        response=JourneyMembers, query=(*PAGING, _NODE), tags=_TAGS,
    ),
    Operation(
        "GET", "/v1/members/{member_id}/journeys", "campaign",
        "A member's way through journeys, step by step", EXPLAINED_TO,
        response=MemberJourneyPage, query=PAGING, tags=_TAGS,
    ),
]  # fmt: skip

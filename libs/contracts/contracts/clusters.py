"""Groups of members that the data shows by itself, each a segment."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from contracts.base import Model
from contracts.classification import counted, internal, public
from contracts.operations import Operation
from contracts.points.common import Words
from contracts.roles import FIGURES, Role


class ClusterTrait(Model):
    """A tag that tells a cluster from everybody: the shares of those who have it, 0 to 1."""

    tag: Annotated[str, public]
    value: Annotated[str | None, public] = None
    share: Annotated[float, public]
    share_of_all: Annotated[float, public]


class Cluster(Model):
    """Members who shop alike. `number` and `segment_id` stay while most members do; `name` is from
    when it was first found, `described` says what distinguishes it now."""

    number: Annotated[int, public]
    segment_id: Annotated[UUID, internal]
    name: Annotated[Words, public]
    described: Annotated[Words, public]
    members: Annotated[int, counted]
    traits: Annotated[list[ClusterTrait], public]
    since: Annotated[datetime, public]


class ClusterTrial(Model):
    """How well so many clusters fit: the Bayesian information criterion, less being better; and how
    many members the smallest would have."""

    clusters: Annotated[int, public]
    bic: Annotated[float, public]
    smallest: Annotated[int, public]


class Clusters(Model):
    """As found last, the largest first. `silhouette` (-1 to 1) says how far they lie apart;
    `waiting`: they are to be found again; `note`: why there are none."""

    found_at: Annotated[datetime | None, public] = None
    waiting: Annotated[bool, public]
    silhouette: Annotated[float | None, public] = None
    features: Annotated[list[str], public] = []
    trials: Annotated[list[ClusterTrial], public] = []
    note: Annotated[str | None, public] = None
    data: Annotated[list[Cluster], public]


OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/clusters", "profile", "Groups of members that the data shows, each a segment",
        FIGURES - {Role.DATA_OPERATOR}, response=Clusters, own=None, tags=("segments",),
    ),
    Operation(
        "POST", "/v1/clusters/findings", "profile", "Find clusters again",
        frozenset({Role.ANALYST, Role.OPERATOR, Role.ADMIN}), response=Clusters, status=202,
        own=None, tags=("segments",),
    ),
]  # fmt: skip

"""A rotation and its stages. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

FIRST = str(UUID(int=0))


class Stage(StrEnum):
    """What is done next; only data keys are walked."""

    KEYS = "keys"  # new versions are made, or data keys wrapped anew
    WALK = "walk"  # what is sealed under older versions is sealed anew
    WAIT = "wait"  # other gateways may still seal with older versions, and the bus may hold some
    SWEEP = "sweep"  # once more through everything; older versions go when nothing was found
    DONE = "done"


State = Literal["running", "retiring", "done"]
_STATES: dict[Stage, State] = {
    Stage.KEYS: "running", Stage.WALK: "running", Stage.WAIT: "retiring",
    Stage.SWEEP: "retiring", Stage.DONE: "done",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rotation:
    """Where it is: in stage keys `after` is an owner's id, else a cursor within `place`.

    `version`: of the wrapping or root key that is the newest since. `stale` counts what the
    present pass found under older versions.
    """

    id: UUID
    scope: str
    member_id: UUID | None
    stage: Stage
    begun_at: datetime
    destroy_at: datetime
    finished_at: datetime | None
    version: int
    place: str
    after: str
    stale: int
    rows_seen: int
    resealed: int
    unreadable: int

    @property
    def state(self) -> State:
        """As the public sees it."""
        return _STATES[self.stage]

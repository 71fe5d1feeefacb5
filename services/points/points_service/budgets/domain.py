"""A campaign's budget for offers, and how much of it is still needed. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class State(StrEnum):
    """Where a budget is."""

    RESERVED = "reserved"
    REFUSED = "refused"
    RELEASED = "released"  # nothing new is offered; what is out keeps its promise
    SETTLED = "settled"  # nothing is out


@dataclass(frozen=True, slots=True)
class Budget:
    """`contacts` offers of `each_fen` at most: coupons of the template of the same id, or `points`,
    of which `granted` were given."""

    reservation_id: UUID
    campaign_id: UUID
    contacts: int
    each_fen: int
    points: int
    granted: int
    state: State
    reason: str | None
    reserved_at: datetime

    @property
    def fen(self) -> int:
        """All of it; 0 where nothing bounds an offer."""
        return self.contacts * self.each_fen


@dataclass(frozen=True, slots=True)
class Asked:
    """What speaks against a new one: what others have set aside, the programme's limit (None: there
    is none), whether its goods and shops exist."""

    outstanding_fen: int
    limit_fen: int | None
    known_goods: bool


def refusal(budget: Budget, asked: Asked) -> str | None:
    """Why it cannot be set aside."""
    if not asked.known_goods:
        return "unknown_goods"
    if asked.limit_fen is not None and asked.outstanding_fen + budget.fen > asked.limit_fen:
        return "programme_limit"
    return None


def still_needed(committed_fen: int, issued: int, offered: int, each_fen: int) -> int:
    """What a released budget keeps: what its coupons may take, and those on their way."""
    return committed_fen + max(0, offered - issued) * each_fen

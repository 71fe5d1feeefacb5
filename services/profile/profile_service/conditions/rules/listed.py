"""On a static list."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from profile_service.conditions.domain import Ask, Known, Wants

KEYWORD = "segment"


@dataclass(frozen=True, slots=True)
class Listed:
    """`{"segment": id}` where that segment is a list of members instead of rules."""

    segment_id: UUID

    def document(self) -> dict[str, Any]:
        return {KEYWORD: str(self.segment_id)}

    def wants(self) -> Wants:
        return Wants(kinds=frozenset({"list"}))

    def holds(self, known: Known, today: date) -> bool:
        return self.segment_id in known.lists

    def turns(self, known: Known) -> Iterable[date]:
        return ()

    def sql(self, ask: Ask) -> str:
        return (
            "p.subject_id IN (SELECT s.root FROM segment_list AS l JOIN subject AS s"
            f" ON s.id = l.subject_id WHERE l.segment_id = {ask(self.segment_id, 'uuid')})"
        )

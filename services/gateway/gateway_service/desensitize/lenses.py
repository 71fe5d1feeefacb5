"""What of an operation's answer is decided about for a caller; worked out once for each."""

from dataclasses import dataclass, replace
from typing import Any

from contracts.classification import Kind
from gateway_service.desensitize.domain import (
    AGGREGATE,
    FIELDS,
    Asker,
    Level,
    Relation,
    Row,
    Situation,
    Table,
    situations,
)
from gateway_service.desensitize.plans import Plan, Spot, narrowed, plan_of, spots
from gateway_service.figures.domain import Figures
from gateway_service.figures.plans import figures_of


@dataclass(frozen=True, slots=True)
class Lens:
    """`plan` has what depends on the member or is sealed.

    `facts` are the attributes of a Situation that make a difference here and that have to be looked
    up. `tokens_only`: there is something to do only if there are tokens. `figures` are to be given
    coarsely; `closed`: there are some that the caller may not see at all.
    """

    plan: Plan
    facts: frozenset[str]
    tokens_only: bool
    figures: Figures
    closed: bool


class Lenses:
    """The lenses of one policy table."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._known: dict[tuple[Any, Asker], Lens] = {}

    def of(self, response: Any, asker: Asker) -> Lens:
        """The lens for answers of this model to this caller."""
        key = (response, asker)
        if key not in self._known:
            self._known[key] = self._lens(response, asker)
        return self._known[key]

    def _lens(self, response: Any, asker: Asker) -> Lens:
        rows = {each: self.table.view(asker, each) for each in situations(asker.role)}

        def settled(spot: Spot) -> bool:
            return spot.field is not None and all(
                row[spot.field] is Level.PLAIN for row in rows.values()
            )

        plan = narrowed(
            plan_of(response), lambda spot: settled(spot) and not (spot.sealed or spot.free)
        )
        found = spots(plan)
        figures, level = figures_of(response), next(iter(rows.values()))[AGGREGATE]
        return Lens(
            plan,
            frozenset(_differing(rows, _fields(found))),
            all(spot.free and settled(spot) for spot in found),
            figures if level is Level.MASKED else {},
            bool(figures) and level not in (Level.PLAIN, Level.MASKED),
        )


def _fields(found: list[Spot]) -> set[str]:
    """The fields that the spots may turn out to be."""
    fields = {spot.field for spot in found if spot.field}
    if any(spot.free or spot.field is None for spot in found):
        fields |= {str(kind) for kind in Kind}
    return fields & set(FIELDS)


def _differing(rows: dict[Situation, Row], fields: set[str]) -> set[str]:
    """The attributes of a situation that change what is shown of these fields."""
    found = set()
    for situation, row in rows.items():
        others = {
            "consent": replace(situation, consent=not situation.consent),
            "consent_sensitive": replace(
                situation, consent_sensitive=not situation.consent_sensitive
            ),
            "guarded": replace(situation, guarded=not situation.guarded),
        }
        if situation.relation is Relation.OWN_STORE:
            others["relation"] = replace(situation, relation=Relation.OTHER)
        for name, other in others.items():
            if any(row[field] is not rows[other][field] for field in fields):
                found.add(name)
    return found

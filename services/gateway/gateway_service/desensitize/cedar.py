"""The policy file, made into a table. Cedar judges; what it says is only written down.

Asking Cedar costs some 50 µs, and a row of the table is needed for every object of every answer.
Each policy is judged on its own, over the dimensions that it mentions, and the verdicts are joined
as Cedar joins them: permitted by one at least, forbidden by none. A test compares the table with
Cedar's own answers.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import Any

import cedarpy

from contracts.reading import Purpose
from gateway_service.desensitize.domain import (
    FIELDS,
    ROLES,
    Key,
    Level,
    Relation,
    Row,
    Table,
    every_key,
)

HERE = Path(__file__).parent
SHIPPED, SCHEMA = HERE / "policy.cedar", HERE / "policy.cedarschema"
ACTIONS = (Level.PLAIN, Level.MASKED, Level.PRESENCE)
_NOTHING = cedarpy.Entities.from_json_str("[]")
_ENTITIES = {"purpose": "Purpose", "relation": "Relation"}
CONTEXT: dict[str, tuple[Any, ...]] = {
    "purpose": tuple(str(purpose) for purpose in Purpose),
    "relation": tuple(str(relation) for relation in Relation),
    "consent": (False, True),
    "step_up": (False, True),
    "guarded": (False, True),
}
_ANY = (ROLES[0], *(space[0] for space in CONTEXT.values()))  # for what makes no difference


class BadPolicy(ValueError):
    """The policy file cannot be used; the message says why, with the policy's number or name."""


@lru_cache(maxsize=8)
def compiled(text: str) -> Table:
    """The table of a policy file. Raises BadPolicy."""
    schema = SCHEMA.read_text()
    checked = cedarpy.validate_policies(text, schema)
    if not checked.validation_passed:
        raise BadPolicy("; ".join(str(error) for error in checked.errors))
    policies = [
        _Policy.read(name, body)
        for name, body in json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"].items()
    ]
    known: dict[tuple[int, ...], Row] = {}
    rows: dict[Key, Row] = {}
    for key in every_key():
        allowed = tuple(_permitted(policies, action, key) for action in ACTIONS)
        if allowed not in known:
            known[allowed] = {name: _level(allowed, n) for n, name in enumerate(FIELDS)}
        rows[key] = known[allowed]
    return Table(rows, sha256(text.encode()).hexdigest())


def request(action: str, key: Sequence[Any], resource: str) -> dict[str, Any]:
    """One question to Cedar; `key` as a Key."""
    context: dict[str, Any] = {}
    for name, value in zip(CONTEXT, key[1:], strict=True):
        entity = _ENTITIES.get(name)
        context[name] = {"__entity": {"type": entity, "id": value}} if entity else value
    return {
        "principal": {"type": "Role", "id": key[0]},
        "action": {"type": "Action", "id": str(action)},
        "resource": {"type": "Field", "id": resource},
        "context": context,
    }


def authorised(requests: list[dict[str, Any]], policies: cedarpy.PolicySet) -> list[Any]:
    """Cedar's answers. Raises BadPolicy if one could not be worked out."""
    results = cedarpy.is_authorized_batch(requests, policies, _NOTHING)
    for result in results:
        if result.diagnostics.errors:
            raise BadPolicy("; ".join(result.diagnostics.errors))
    return results


def _permitted(policies: list["_Policy"], action: str, key: Key) -> int:
    """The fields that `action` is allowed on, as bits."""
    permits = forbids = 0
    for policy in policies:
        if policy.permit:
            permits |= policy.holds(action, key)
        else:
            forbids |= policy.holds(action, key)
    return permits & ~forbids


def _level(allowed: tuple[int, ...], n: int) -> Level:
    return next(
        (level for level, bits in zip(ACTIONS, allowed, strict=True) if bits >> n & 1), Level.DENIED
    )


@dataclass(slots=True)
class _Policy:
    """One policy and where it holds: fields as bits, by action and the dimensions it mentions."""

    permit: bool
    dimensions: tuple[int, ...]  # places in a Key
    verdicts: dict[tuple[Any, ...], int] = field(default_factory=dict)

    def holds(self, action: str, key: Key) -> int:
        """The fields for which the policy is satisfied."""
        return self.verdicts.get((action, *(key[n] for n in self.dimensions)), 0)

    @classmethod
    def read(cls, name: str, body: dict[str, Any]) -> "_Policy":
        """Ask Cedar about every case that the policy can tell apart."""
        mentioned = set(_mentioned(body))
        if None in mentioned:
            raise BadPolicy(f"{name}: context is used as a whole, not by attribute")
        actions = _scope(body["action"], ACTIONS)
        roles = _scope(body["principal"], ROLES)
        fields = _scope(body["resource"], FIELDS)
        spaces: list[tuple[Any, ...]] = [
            roles if "principal" in mentioned or roles is not ROLES else (),
            *(CONTEXT[name] if name in mentioned else () for name in CONTEXT),
        ]
        asked = fields if "resource" in mentioned else fields[:1]
        alone = cedarpy.PolicySet.from_json_str(
            json.dumps({"templates": {}, "staticPolicies": {name: body}, "templateLinks": []})
        )
        cases = list(
            product(actions, *(space or _ANY[n : n + 1] for n, space in enumerate(spaces)))
        )
        questions = [request(action, key, field) for action, *key in cases for field in asked]
        answers = iter(authorised(questions, alone))
        dimensions = tuple(n for n, space in enumerate(spaces) if space)
        policy = cls(body["effect"] == "permit", dimensions)
        for action, *key in cases:
            held = [field for field in asked if next(answers).diagnostics.reasons]
            if held and "resource" not in mentioned:
                held = list(fields)
            bits = sum(1 << FIELDS.index(field) for field in held)
            policy.verdicts[action, *(key[n] for n in dimensions)] = bits
        return policy


def _scope(constraint: dict[str, Any], every: tuple[Any, ...]) -> tuple[Any, ...]:
    """The values that a policy's head admits."""
    if constraint["op"] == "All":
        return every
    named = constraint.get("entities") or [constraint["entity"]]
    return tuple(value for value in every if value in {entity["id"] for entity in named})


def _mentioned(node: Any) -> Iterator[str | None]:
    """The variables and the attributes of `context` in a policy; None for `context` as a whole."""
    if isinstance(node, list):
        for item in node:
            yield from _mentioned(item)
    elif isinstance(node, dict):
        access = node.get(".") or node.get("has")
        if isinstance(access, dict) and access.get("left") == {"Var": "context"}:
            yield access["attr"]
            return
        if set(node) == {"Var"}:
            yield None if node["Var"] == "context" else node["Var"]
        for item in node.values():
            yield from _mentioned(item)

"""The walk through an answer: every token in it is opened and shown as the policy says."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from contracts.roles import Role
from contracts.sealed import PREFIXES, Sealed, is_token
from gateway_service.desensitize.masks import STARS, mask
from gateway_service.desensitize.policy import Level, decide
from gateway_service.proxy.sealing import Free, Leaf, Many, Plan
from gateway_service.vault.seal import NotOurs, Vault

_MARKS = tuple(f'"{prefix}'.encode() for prefix in PREFIXES)


def holds_tokens(body: bytes) -> bool:
    """Whether there is anything to open; most answers go through untouched."""
    return any(mark in body for mark in _MARKS)


@dataclass(slots=True)
class Reading:
    """One answer on its way to one caller, and what was shown of it in the clear."""

    vault: Vault
    role: Role
    stated: bool
    today: date
    plan: Plan  # of the operation's answer
    shown: set[str] = field(default_factory=set)  # kinds
    shown_of: set[bytes] = field(default_factory=set)  # members
    refused: int = 0  # tokens bound to somebody else

    def answer(self, body: bytes, member_id: UUID | None) -> bytes:
        """The body as the caller may see it."""
        scope = frozenset({member_id.bytes} if member_id else ())
        return msgspec.json.encode(self._walk(msgspec.json.decode(body), scope, self.plan))

    def _walk(self, value: Any, scope: frozenset[bytes], plan: Plan) -> Any:
        if isinstance(value, dict):
            wider = scope | _named(value)
            inner = plan if isinstance(plan, dict) else dict.fromkeys(value, plan)
            return {key: self._walk(item, wider, inner.get(key)) for key, item in value.items()}
        if isinstance(value, list):
            item_plan = plan.item if isinstance(plan, Many) else plan
            return [self._walk(item, scope, item_plan) for item in value]
        if not is_token(value):
            return value
        return self.show(value, scope, plan.at if isinstance(plan, Leaf | Free) else "")

    def show(self, token: str, scope: frozenset[bytes], place: str) -> str | None:
        """One value as the policy has it; stars for a token that does not belong here."""
        try:
            sealed = Sealed.parse(token)
        except ValueError:
            self.refused += 1
            return STARS
        level = decide(self.role, sealed.kind, stated=self.stated)
        if level is Level.DENIED:
            return None
        if level is Level.PRESENCE or not sealed.ciphertext:
            return STARS
        try:
            value = self.vault.open(sealed, scope, place=place)
        except NotOurs:
            self.refused += 1
            return STARS
        if level is Level.MASKED:
            return mask(sealed.kind, value, self.today)
        self.shown.add(sealed.kind)
        self.shown_of |= scope
        return value


def _named(fields: dict[str, Any]) -> set[bytes]:
    """The members an object says it is about: its `member_id` and the ids merged into it."""
    absorbed = fields.get("absorbed")
    ids = [fields.get("member_id"), *(absorbed if isinstance(absorbed, list) else ())]
    found = set()
    for text in ids:
        try:
            found.add(UUID(text).bytes)
        except (ValueError, TypeError, AttributeError):
            continue
    return found

"""The walk through an answer: what the contract says is decided about is shown as the policy says.

An object that names its member (`member_id`, and the ids merged into it) is about that member only:
a token in it opens if it was sealed for one of these ids, or for the value itself.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from contracts.classification import Kind
from contracts.sealed import PREFIXES, Sealed, is_token
from gateway_service.desensitize.domain import MEMBER_ID, SENSITIVE, Level, Row
from gateway_service.desensitize.masks import STARS, mask
from gateway_service.desensitize.plans import WITHHELD, Many, Plan, Spot
from gateway_service.vault.seal import NotOurs, Vault

_PREFIXES = tuple(prefix.encode() for prefix in PREFIXES)
_TOKEN = re.compile(rb"(?:%b)[A-Za-z0-9_.\-]*" % b"|".join(map(re.escape, _PREFIXES)))

About = tuple[bytes, ...]  # ids (16 bytes each) of the one member an object is about; may be empty


class Withheld(Exception):
    """A field that may not be shown has nothing that could stand in its place."""

    def __init__(self, of: About) -> None:
        super().__init__("withheld")
        self.of = of


def holds_tokens(body: bytes) -> bool:
    """Whether there may be a token somewhere in a body."""
    return any(prefix in body for prefix in _PREFIXES)


def scrubbed(body: bytes) -> bytes:
    """A body with stars in place of every token, wherever it stands."""
    return _TOKEN.sub(STARS.encode(), body)


@dataclass(slots=True)
class Reading:
    """One answer on its way to one caller, and what was shown of it in the clear.

    `shown` has the kinds by whose they are: a member's id and True, or what an unknown member's
    value is bound to and False.
    """

    vault: Vault
    view: Callable[[About], Row]
    pseudonym: Callable[[UUID], str]
    today: date
    shown: dict[tuple[bytes, bool], set[str]] = field(default_factory=dict)
    hidden: dict[About, set[str]] = field(default_factory=dict)  # kinds shown in outline, or less
    refused: int = 0  # tokens that do not belong where they stand

    def answer(self, plan: Plan, value: Any, path: About) -> Any:
        """An answer as the caller may see it; what it is made of is changed in place.

        `path` is the member in the request's path. Raises Withheld.
        """
        if isinstance(plan, dict):
            return self._fields(plan, value, at_root(value, path))
        return self._of(plan, value, path, {})

    def _of(self, plan: Plan, value: Any, about: About, siblings: dict[str, Any]) -> Any:
        """`siblings` are the fields beside the value: one of them may tell its kind."""
        if value is None or plan is None:
            return value
        if isinstance(plan, Spot):
            return self._spot(plan, value, about, siblings)
        if isinstance(plan, Many):
            if isinstance(value, list):
                return [self._of(plan.item, item, about, siblings) for item in value]
            return {key: self._of(plan.item, item, about, siblings) for key, item in value.items()}
        return self._fields(plan, value, named(value) or about)

    def _fields(self, plan: dict[str, Any], value: Any, about: About) -> Any:
        for name, inner in plan.items():
            if name in value:
                value[name] = self._of(inner, value[name], about, value)
        return value

    def _spot(self, spot: Spot, value: Any, about: About, siblings: dict[str, Any]) -> Any:
        if spot.sealed:
            return self._sealed(spot, value, about, siblings)
        level = self.view(about)[spot.field or SENSITIVE]
        if level is Level.PLAIN:
            shown = self._of(spot.inner, value, about, siblings)
            return self._free(shown, spot.at, about) if spot.free else shown
        if level is Level.MASKED and spot.field == MEMBER_ID:
            return self.pseudonym(UUID(value))
        if spot.blank is WITHHELD:
            raise Withheld(about)
        return spot.blank

    def _sealed(self, spot: Spot, value: Any, about: About, siblings: dict[str, Any]) -> Any:
        """A personal value: a token as a rule, but one in the clear is masked no less."""
        name = spot.field or str(siblings.get(spot.by or "kind"))
        level = self.view(about).get(name, Level.DENIED)
        if level is not Level.PLAIN:
            self.hidden.setdefault(about, set()).add(name)
        if level is Level.DENIED:
            return spot.blank
        if level is Level.PRESENCE:
            return STARS
        kind = Kind.TEXT if name == SENSITIVE else Kind(name)
        if is_token(value):
            opened = self._opened(value, about, spot.at)
            if opened is None or (opened[0] is not kind and name != SENSITIVE):
                self.refused += opened is not None
                return STARS
            kind, value, subject = opened
        else:
            subject = b""
        return self._outline(level, kind, str(value), about, subject)

    def _free(self, value: Any, at: str, about: About) -> Any:
        """A document of any shape: each token in it by its own kind."""
        if isinstance(value, dict):
            return {key: self._free(item, at, about) for key, item in value.items()}
        if isinstance(value, list):
            return [self._free(item, at, about) for item in value]
        if not is_token(value):
            return value
        opened = self._opened(value, about, at)
        if opened is None:
            return STARS
        level = self.view(about)[opened[0]]
        if level is Level.DENIED:
            return None
        return (
            STARS
            if level is Level.PRESENCE
            else self._outline(level, opened[0], opened[1], about, opened[2])
        )

    def _opened(self, token: str, about: About, at: str) -> tuple[Kind, str, bytes] | None:
        """Kind, value and whom it is bound to; None for what does not open here."""
        try:
            sealed = Sealed.parse(token)
            if not sealed.ciphertext:
                return None
            value = self.vault.open(sealed, about, place=at)
            return sealed.kind, value, sealed.subject
        except (NotOurs, ValueError):
            self.refused += 1
            return None

    def _outline(self, level: Level, kind: Kind, value: str, about: About, subject: bytes) -> str:
        if level is Level.MASKED:
            return mask(kind, value, self.today)
        whose = (about[0], True) if about else (subject, False)
        self.shown.setdefault(whose, set()).add(kind)
        return value


def named(fields: dict[str, Any]) -> About:
    """The member an object says it is about: its `member_id` and the ids merged into it."""
    own = fields.get("member_id")
    if not isinstance(own, str):
        return ()
    absorbed = fields.get("absorbed")
    return tuple(UUID(each).bytes for each in (own, *(absorbed or ())))


def at_root(value: Any, path: About) -> About:
    """Whom an answer is about: who was asked for by a merged id is answered by another one."""
    own = named(value)
    return (*own, *(each for each in path if each not in own))


def abouts(plan: Plan, value: Any, path: About) -> Iterator[About]:
    """Whom the objects of an answer are about that a decision is due in."""
    if isinstance(plan, dict):
        yield from _within(plan, value, at_root(value, path))
    else:
        yield from _abouts(plan, value, path)


def _abouts(plan: Plan, value: Any, about: About) -> Iterator[About]:
    if value is None or plan is None:
        return
    if isinstance(plan, Many):
        for item in value if isinstance(value, list) else value.values():
            yield from _abouts(plan.item, item, about)
    elif isinstance(plan, Spot):
        yield about
        yield from _abouts(plan.inner, value, about)
    else:
        yield from _within(plan, value, named(value) or about)


def _within(plan: dict[str, Any], value: Any, about: About) -> Iterator[About]:
    for name, inner in plan.items():
        yield from _abouts(inner, value.get(name), about)

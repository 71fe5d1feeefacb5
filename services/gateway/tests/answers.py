"""An answer for every operation, made from its contract, and what is in it to be hidden."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Any, Literal, get_args, get_origin
from uuid import UUID

from contracts.classification import Classified, DataClass, Kind, fields_of
from gateway_service.desensitize.domain import Level
from gateway_service.shapes import bare, is_list, is_model, json_name, nullable, options
from gateway_service.vault.seal import Vault

MISSING: Any = object()
HIDDEN: tuple[Any, ...] = (None, "***", "unknown", [], {}, MISSING)
MEMBERS = frozenset(
    {
        "member_id", "survivor_id", "absorbed_id", "members", "to_member_id", "referrer_id",
        "referred_id", "inherited_from",
    }
)  # fmt: skip
DEMOGRAPHIC = frozenset({"gender", "city", "birth_band", "birth_year", "birth_month"})


def seeds(n: int) -> dict[Kind, str]:
    """Personal values of the n-th member; nobody else has one of them."""
    digit = "一二三四五六七八九十壬"[n]
    return {
        Kind.PHONE: f"+86138001380{n:02}", Kind.NAME: f"欧阳锋{digit}",
        Kind.EMAIL: f"feng.{n}@example{n}.cn", Kind.CARD_NO: f"6200112233445{n:02}6",
        Kind.BIRTHDAY: f"{1990 + n}-06-02", Kind.ADDRESS: f"浙江省杭州市西湖区文{digit}路 1 号",
        Kind.ID_NUMBER: f"110105194912310{n:02}X", Kind.TEXT: f"a secret of {digit}",
        **{kind: f"{kind}-of-{digit}" for kind in Kind if kind.endswith("_id")},
        Kind.ECOMMERCE_ACCOUNT: f"shop-{digit}", Kind.EXTERNAL: f"ext-{digit}",
        Kind.WECHAT_OPENID: f"open-{digit}", Kind.WECHAT_UNIONID: f"union-{digit}",
        Kind.MINIPROGRAM_OPENID: f"mini-{digit}",
    }  # fmt: skip


@dataclass(frozen=True)
class Leaf:
    """A field in an answer that somebody has to decide about."""

    pointer: tuple[Any, ...]
    field: str
    plain: Any
    sealed: bool
    can_be_blank: bool


@dataclass
class Builder:
    """Answers about one member."""

    vault: Vault
    member_id: UUID
    values: dict[Kind, str]
    leaves: list[Leaf] = field(default_factory=list)

    def answer(self, response: Any) -> Any:
        """A value of the type; `leaves` then has what is in it."""
        self.leaves = []
        return self._value(response, None, "", (), {})

    def _value(
        self, hint: Any, marker: Classified | None, name: str, at: tuple[Any, ...], beside: Any
    ) -> Any:
        inner, marker = bare(hint, marker)
        if marker and marker.sealed and not is_list(options(inner)[0]):
            return self._sealed(inner, marker, at, beside)
        blank = nullable(inner)
        option = bare(options(inner)[0])[0]
        made = self._plain(option, marker, name, at)
        known = self._field(marker, name, option)
        if known:
            blank = blank or is_list(option) or get_origin(option) is dict or option is str
            blank = blank or "unknown" in get_args(option)
            self.leaves.append(Leaf(at, known, made, False, blank))
        return made

    def _plain(self, option: Any, marker: Classified | None, name: str, at: Any) -> Any:
        if is_model(option):
            return self._model(option, at)
        if is_list(option):
            return self._list(option, marker, name, at)
        if get_origin(option) is not dict:
            return self._scalar(option, marker, name)
        if get_args(option)[1] is not Any:
            return {"k": self._value(get_args(option)[1], None, "", (*at, "k"), {})}
        self.leaves.append(
            Leaf((*at, "deep", 0, "token"), str(Kind.NAME), self.values[Kind.NAME], True, True)
        )
        return {"note": "plain", "deep": [{"token": self._token(Kind.NAME, marker)}]}

    def _list(self, option: Any, marker: Classified | None, name: str, at: Any) -> list[Any]:
        if name == "absorbed":
            return []
        if name in MEMBERS:
            return [str(self.member_id)]
        args = [each for each in get_args(option) if each is not ...]
        if get_origin(option) is not tuple:
            args = args[:1]
        below = marker if marker and marker.sealed else None
        return [self._value(each, below, name, (*at, n), {}) for n, each in enumerate(args)]

    def _model(self, model: type, at: tuple[Any, ...]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        fields = sorted(fields_of(model), key=lambda each: each[0] != "kind")
        for name, hint, marker in fields:
            told = json_name(model, name)
            made[told] = self._value(hint, marker, name, (*at, told), made)
        return made

    def _scalar(self, option: Any, marker: Classified | None, name: str) -> Any:
        if option is UUID:
            return str(self.member_id if name in MEMBERS else UUID(int=4711))
        if get_origin(option) is Literal:
            return get_args(option)[0]
        if isinstance(option, type) and issubclass(option, Enum):
            return next(iter(option)).value
        if option in (int, float):
            return 100 if marker and marker.data_class is DataClass.AGGREGATE else 1
        if option is date:
            return "2020-01-01"
        moment = "2020-01-01T00:00:00Z" if "date" in str(option).lower() else "text"
        return True if option is bool else moment

    def _sealed(self, hint: Any, marker: Classified, at: Any, beside: Any) -> str:
        kind = marker.kind or Kind(beside[marker.kind_field or "kind"])
        known = str(kind)
        if marker.data_class is DataClass.SENSITIVE and kind is not Kind.ID_NUMBER:
            known = "sensitive"
        self.leaves.append(Leaf(at, known, self.values[kind], True, True))
        return self._token(kind, marker)

    def _token(self, kind: Kind, marker: Classified | None) -> str:
        at = marker.at if marker and marker.at else "nowhere.known"
        about_nobody = marker is not None and marker.data_class is DataClass.PUBLIC
        bound_to = None if about_nobody else self.member_id
        return self.vault.seal(kind, self.values[kind], bound_to, place=at)

    def _field(self, marker: Classified | None, name: str, option: Any) -> str | None:
        if marker is None or marker.data_class in (DataClass.PUBLIC, DataClass.AGGREGATE):
            return None
        if marker.data_class is DataClass.QUASI:
            return "demographic" if name in DEMOGRAPHIC else "behaviour"
        return "member_id" if name in MEMBERS and "UUID" in str(option) else "internal"


def withheld(leaves: list[Leaf], levels: Mapping[str, Level]) -> bool:
    """Whether a hidden field can neither be left empty nor is gone with what it stands in."""
    hidden = [
        leaf
        for leaf in leaves
        if levels[leaf.field] is not Level.PLAIN
        if (leaf.field, levels[leaf.field]) != ("member_id", Level.MASKED)  # a pseudonym
    ]
    gone = {leaf.pointer for leaf in hidden if leaf.can_be_blank and not leaf.sealed}
    return any(
        not leaf.can_be_blank
        and not any(leaf.pointer[:n] in gone for n in range(len(leaf.pointer)))
        for leaf in hidden
    )


def at(value: Any, pointer: tuple[Any, ...]) -> Any:
    """What stands at a pointer; MISSING where something above it was left out."""
    for step in pointer:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return MISSING
    return value

"""Data classes: what a field is, written next to its type.

`Annotated[str, personal(Kind.PHONE, at="member.phone")]` is all it takes for the gateway to seal
the value on its way in and to mask it by role on its way out. `at` is its place: the table and
column that hold it, for which it is sealed. A field without a class, or a sealed one without a
place, fails CI (tests/architecture/test_contracts.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, get_args, get_origin, get_type_hints


class DataClass(StrEnum):
    """From harmless to harmful; see docs/glossary.md."""

    PUBLIC = "public"
    INTERNAL = "internal"
    AGGREGATE = "aggregate"
    QUASI = "quasi"
    PERSONAL = "personal"
    SENSITIVE = "sensitive"


class Kind(StrEnum):
    """What a personal value is: decides how it is normalised, sealed, indexed and masked."""

    PHONE = "phone"
    WECHAT_OPENID = "wechat_openid"
    WECHAT_UNIONID = "wechat_unionid"
    MINIPROGRAM_OPENID = "miniprogram_openid"
    ECOMMERCE_ACCOUNT = "ecommerce_account"
    CARD_NO = "card_no"
    DEVICE_ID = "device_id"
    DOUYIN_ID = "douyin_id"
    EMAIL = "email"
    EXTERNAL = "external"
    NAME = "name"
    BIRTHDAY = "birthday"
    ADDRESS = "address"
    ID_NUMBER = "id_number"
    TEXT = "text"


IDENTIFIER_KINDS = frozenset(
    {
        Kind.PHONE,
        Kind.WECHAT_OPENID,
        Kind.WECHAT_UNIONID,
        Kind.MINIPROGRAM_OPENID,
        Kind.ECOMMERCE_ACCOUNT,
        Kind.CARD_NO,
        Kind.DEVICE_ID,
        Kind.DOUYIN_ID,
        Kind.EMAIL,
        Kind.EXTERNAL,
    }
)
TAILED = frozenset({Kind.PHONE, Kind.CARD_NO})  # what people name by the last four characters


@dataclass(frozen=True, slots=True)
class Classified:
    """The class of one field. `kind_field` names the sibling that holds the kind, if it varies.

    `at` is the place, `<table>.<column>`, of a sealed value, or of those inside a free document.
    """

    data_class: DataClass
    kind: Kind | None = None
    kind_field: str | None = None
    at: str | None = None

    @property
    def sealed(self) -> bool:
        """Whether the gateway encrypts the field."""
        return self.data_class in (DataClass.PERSONAL, DataClass.SENSITIVE)


public = Classified(DataClass.PUBLIC)
internal = Classified(DataClass.INTERNAL)
quasi = Classified(DataClass.QUASI)
counted = Classified(DataClass.AGGREGATE)  # how many members


def summed(over: str) -> Classified:
    """A sum or count of something else than members; the sibling `over` counts those behind it."""
    return Classified(DataClass.AGGREGATE, kind_field=over)


def personal(
    kind: Kind | None = None, *, by: str | None = None, at: str | None = None
) -> Classified:
    """A field the gateway seals; `by` names the sibling field that tells the kind."""
    return Classified(DataClass.PERSONAL, kind, by, at)


def sensitive(kind: Kind, *, at: str) -> Classified:
    """Like `personal`, shown to fewer (identity numbers, health, minors)."""
    return Classified(DataClass.SENSITIVE, kind, at=at)


def holding(at: str, data_class: DataClass = DataClass.INTERNAL) -> Classified:
    """A free document; what is personal in it is found by the gateway and sealed for `at`."""
    return Classified(data_class, at=at)


def class_of(hint: Any) -> Classified | None:
    """The class in an `Annotated[...]` hint, looked for through unions and containers."""
    if get_origin(hint) is Annotated:
        for extra in get_args(hint)[1:]:
            if isinstance(extra, Classified):
                return extra
        return class_of(get_args(hint)[0])
    return next((c for c in map(class_of, get_args(hint)) if c), None)


def fields_of(model: type) -> Iterator[tuple[str, Any, Classified | None]]:
    """Every field of a pydantic model or msgspec struct: (name, hint, class or None)."""
    names = getattr(model, "model_fields", None) or getattr(model, "__struct_fields__", None) or ()
    hints = get_type_hints(model, include_extras=True)
    for name in names:
        yield name, hints[name], class_of(hints[name])

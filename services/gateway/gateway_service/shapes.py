"""What a type hint of a contract is, for those who work out where in a body its fields are."""

from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
from pydantic import BaseModel

from contracts.classification import Classified, class_of


def bare(hint: Any, marker: Classified | None = None) -> tuple[Any, Classified | None]:
    """A hint without `Annotated`, and the innermost class that it is marked with."""
    while get_origin(hint) is Annotated:
        marker = class_of(hint) or marker
        hint = get_args(hint)[0]
    return hint, marker


def options(hint: Any) -> list[Any]:
    """What a value may be besides null: the hint itself, or the parts of a union."""
    if get_origin(hint) in (Union, UnionType):
        return [arg for arg in get_args(hint) if arg is not type(None)]
    return [hint]


def nullable(hint: Any) -> bool:
    """Whether null is allowed."""
    return hint is type(None) or type(None) in get_args(hint)


def is_model(hint: Any) -> bool:
    """Whether it is an object with fields."""
    return isinstance(hint, type) and issubclass(hint, BaseModel | msgspec.Struct)


def is_list(hint: Any) -> bool:
    """Whether it is a list in JSON."""
    return get_origin(hint) in (list, tuple, set, frozenset)


def json_name(model: type, name: str) -> str:
    """What a field is called in JSON."""
    if issubclass(model, BaseModel):
        return model.model_fields[name].alias or name
    assert issubclass(model, msgspec.Struct)
    return dict(zip(model.__struct_fields__, model.__struct_encode_fields__, strict=True))[name]

"""Where the figures are in an answer, by contract; worked out once a type."""

from functools import cache
from typing import Any, get_args, get_origin

from contracts.base import Money
from contracts.classification import Classified, DataClass, fields_of
from gateway_service.figures.domain import Blank, Cell, Cells, Figures, Rows
from gateway_service.shapes import bare, is_list, is_model, json_name, options

_LABELS = frozenset({DataClass.PUBLIC, DataClass.INTERNAL})


@cache
def figures_of(response: Any) -> Figures:
    """The figures of an answer's type; empty if it has none."""
    model, _ = bare(response)
    return _of_model(model) if is_model(model) else {}


def _of_model(model: type) -> Figures:
    found = {}
    for name, hint, marker in fields_of(model):
        what = _of_field(hint, marker)
        if what:
            found[json_name(model, name)] = what
    return found


def _of_field(hint: Any, marker: Classified | None) -> Any:
    (inner, *others) = options(bare(hint)[0])
    inner = bare(inner)[0]
    if marker is not None and marker.data_class is DataClass.AGGREGATE:
        if inner in (int, Money) and not others:
            return Cell(marker.kind_field)
        if get_origin(inner) is dict and get_args(inner)[1] is int:
            return Cells()
        return Blank()
    if is_list(inner):
        row = bare(get_args(inner)[0])[0]
        return _of_rows(row) if is_model(row) else None
    return _of_model(inner) if is_model(inner) and not others else None


def _of_rows(row: type) -> Rows | None:
    figures = _of_model(row)
    if not figures:
        return None
    labels = tuple(
        json_name(row, name)
        for name, hint, marker in fields_of(row)
        if marker is not None and marker.data_class in _LABELS
        if not any(is_model(option) for option in options(bare(hint)[0]))
    )
    (name, what), *more = figures.items()
    alone = not more and what == Cell()
    return Rows(row.__name__, labels, name if alone else None, figures)

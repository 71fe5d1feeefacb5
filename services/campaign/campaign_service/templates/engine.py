"""Templates in Jinja2, of which only what a text needs is allowed.

A template is judged by its syntax tree before anything is compiled: Jinja folds constants while it
compiles, so `{{ 9**9**9 }}` would never come back. What is left (outputs, conditions, loops over
given lists, our own filters) ends after a number of steps that its size bounds; size and time are
limited as well, and Jinja's own immutable sandbox stays underneath.
"""

import time
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, meta, nodes, pass_context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from campaign_service.templates.variables import FIELDS, LISTS, VARIABLES

MOST_SOURCE, MOST_OUTPUT = 4_000, 8_000  # characters
MOST_SECONDS = 0.25  # of one part; some tens of microseconds are usual
MOST_DEPTH = 24
_NODES = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If,
    nodes.CondExpr, nodes.For, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not,
    nodes.Getattr, nodes.Filter,
)  # fmt: skip
_LOOP = frozenset({"first", "last", "index"})


class BadTemplate(ValueError):
    """It may not be used; says why, without repeating it."""


class TooMuch(ValueError):
    """Its output is too long, or takes too long."""


@lru_cache(2_000)
def parsed(source: str) -> frozenset[str]:
    """The variables of a template. Raises BadTemplate."""
    if len(source) > MOST_SOURCE:
        raise BadTemplate(f"longer than {MOST_SOURCE} characters")
    try:
        tree = _ENVIRONMENT.parse(source)
    except (TemplateError, RecursionError):
        raise BadTemplate("not a template: braces or blocks do not match") from None
    _judge_depth(tree)
    _judge(tree)
    names = meta.find_undeclared_variables(tree)
    if unknown := names - VARIABLES.keys():
        raise BadTemplate(f"{len(unknown)} unknown variables; known are {', '.join(VARIABLES)}")
    return frozenset(names)


def rendered(source: str, language: str, values: Mapping[str, Any]) -> str:
    """The text. Values are plain data. Raises BadTemplate, TooMuch."""
    until, size, chunks = time.perf_counter() + MOST_SECONDS, 0, []
    try:
        for chunk in _compiled(source).generate({**values, "_language": language}):
            size += len(chunk)
            if size > MOST_OUTPUT or time.perf_counter() > until:
                raise TooMuch("the text is too long, or takes too long")
            chunks.append(chunk)
    except (TemplateError, TypeError, ArithmeticError, LookupError):
        raise BadTemplate("a variable cannot be used in this way") from None
    return "".join(chunks)


@lru_cache(2_000)
def _compiled(source: str) -> Template:
    parsed(source)
    return _ENVIRONMENT.from_string(source)


def _judge_depth(tree: nodes.Template) -> None:
    """What is nested deeply would exhaust whatever looks at it afterwards."""
    level: list[nodes.Node] = [tree]
    for _ in range(MOST_DEPTH):
        level = [child for node in level for child in node.iter_child_nodes()]
        if not level:
            return
    raise BadTemplate(f"nested deeper than {MOST_DEPTH}")


def _judge(tree: nodes.Template) -> None:
    """Raises BadTemplate for whatever a text does not need."""
    targets = [_judge_loop(loop) for loop in tree.find_all(nodes.For)]
    loops = {id(target) for target in targets}
    allowed = VARIABLES.keys() | {target.name for target in targets} | {"loop"}
    for node in _walk(tree):
        if not isinstance(node, _NODES):
            raise BadTemplate(f"{type(node).__name__} is not allowed")
        if isinstance(node, nodes.Name):
            if node.ctx == "store" and id(node) not in loops:
                raise BadTemplate("nothing may be assigned")
            if node.name.startswith("_") or (node.ctx == "load" and node.name not in allowed):
                raise BadTemplate("unknown variable")
        elif isinstance(node, nodes.Getattr) and node.attr not in FIELDS | _LOOP:
            raise BadTemplate(f"unknown field; known are {', '.join(sorted(FIELDS))}")
        elif isinstance(node, nodes.Filter):
            _judge_filter(node)
        elif isinstance(node, nodes.Const) and not isinstance(node.value, str | int | bool):
            raise BadTemplate("only texts and whole numbers may stand in a template")


def _judge_loop(loop: nodes.For) -> nodes.Name:
    """What it counts with. Raises BadTemplate."""
    if not isinstance(loop.target, nodes.Name) or not isinstance(loop.iter, nodes.Name):
        raise BadTemplate("a loop goes over a list, one at a time")
    if loop.iter.name not in LISTS or loop.target.name in VARIABLES.keys() | {"loop"}:
        raise BadTemplate(f"a loop goes over {', '.join(sorted(LISTS))}, under a name of its own")
    if loop.recursive or any(True for part in loop.body for _ in _loops(part)):
        raise BadTemplate("no loop within a loop")
    return loop.target


def _loops(node: nodes.Node) -> list[nodes.For]:
    return [each for each in _walk(node) if isinstance(each, nodes.For)]


def _judge_filter(node: nodes.Filter) -> None:
    if node.name not in FILTERS or node.kwargs or node.dyn_args or node.dyn_kwargs:
        raise BadTemplate(f"unknown filter; known are {', '.join(sorted(FILTERS))}")
    if node.node is None or any(not isinstance(each, nodes.Const) for each in node.args):
        raise BadTemplate("a filter takes numbers and texts")


def _walk(node: nodes.Node) -> list[nodes.Node]:
    found = [node]
    for each in found:
        found.extend(each.iter_child_nodes())
    return found


def _money(context: Any, fen: int) -> str:
    """`12.50元` and `¥12.50`; whole yuan without a fraction."""
    yuan = f"{fen // 100}" if fen % 100 == 0 else f"{fen / 100:.2f}"
    return f"{yuan}元" if context["_language"] == "zh" else f"¥{yuan}"


def _day(context: Any, moment: date) -> str:
    """`3月5日`, `5 March`."""
    if context["_language"] == "zh":
        return f"{moment.month}月{moment.day}日"
    return f"{moment.day} {moment:%B}"


def _hour(context: Any, moment: datetime) -> str:
    """`3月5日14:30`, `5 March 14:30`; values come in programme time."""
    gap = "" if context["_language"] == "zh" else " "
    return f"{_day(context, moment)}{gap}{moment:%H:%M}"


def _cut(_context: Any, text: str, most: int) -> str:
    """At most so many characters."""
    return text if len(text) <= most else text[: max(most - 1, 0)] + "…"


def _titles(context: Any, goods: list[Mapping[str, Any]], most: int = 3) -> str:
    """The first goods in a row: `牛奶、面包`, `milk, bread`."""
    mark = "、" if context["_language"] == "zh" else ", "
    return mark.join(each["title"] for each in goods[:most])


FILTERS: dict[str, Callable[..., str]] = {
    "money": _money, "day": _day, "hour": _hour, "cut": _cut, "titles": _titles,
}  # fmt: skip


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, cache_size=0, extensions=()
    )
    environment.globals.clear()
    environment.tests.clear()
    environment.filters.clear()
    for name, function in FILTERS.items():
        environment.filters[name] = pass_context(function)
    return environment


_ENVIRONMENT = _environment()

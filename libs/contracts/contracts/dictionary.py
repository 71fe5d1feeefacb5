"""Every field there is, once: its words in Chinese and English, its data classes, where it occurs.

The words stand in `words.tsv`, a line a field: name, Chinese, English. What is personal comes from
the contracts themselves.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

import msgspec
from pydantic import BaseModel

import contracts
from contracts.classification import Classified, fields_of


@dataclass(slots=True)
class Entry:
    """A field of that name: `classes` as written, `kinds` of personal values, `models` with it."""

    name: str
    zh: str
    en: str
    classes: set[str] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)
    models: set[str] = field(default_factory=set)


@cache
def words() -> dict[str, tuple[str, str]]:
    """(Chinese, English) by field. Raises ValueError for a line that is not three columns."""
    found: dict[str, tuple[str, str]] = {}
    for line in files(contracts).joinpath("words.tsv").read_text(encoding="utf-8").splitlines():
        name, zh, en = line.split("\t")
        found[name] = zh, en
    return found


def models() -> Iterator[type]:
    """Every model and struct of the contracts, by module and name."""
    for module in pkgutil.walk_packages(contracts.__path__, "contracts."):
        loaded = importlib.import_module(module.name)
        for _, thing in sorted(vars(loaded).items()):
            own = inspect.isclass(thing) and thing.__module__ == loaded.__name__
            if own and issubclass(thing, BaseModel | msgspec.Struct):
                yield thing


def entries() -> list[Entry]:
    """The dictionary, by name. A field without words has empty ones."""
    found: dict[str, Entry] = {}
    for model in models():
        for name, _hint, classified in fields_of(model):
            if classified is None:
                continue
            entry = found.setdefault(name, Entry(name, *words().get(name, ("", ""))))
            entry.models.add(model.__name__)
            entry.classes.add(classified.data_class.value)
            entry.kinds.update(_kinds(classified))
    return [found[name] for name in sorted(found)]


def _kinds(classified: Classified) -> Iterator[str]:
    if classified.kind is not None:
        yield classified.kind.value
    elif classified.kind_field is not None and classified.sealed:
        yield f"by `{classified.kind_field}`"


def untold() -> list[str]:
    """Fields without words, and words of fields that are not there."""
    there = {entry.name for entry in entries()}
    return sorted(there ^ words().keys())

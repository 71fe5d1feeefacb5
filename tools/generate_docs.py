"""Write what is generated from code: docs/events/*.json, docs/openapi.json, the data dictionary,
README's settings.

`python tools/generate_docs.py` writes; with `--check` it only says what is stale (status 1).
"""

import importlib
import inspect
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec

from chassis.settings import Settings
from contracts.base import Event
from contracts.classification import fields_of
from contracts.dictionary import Entry, entries, untold
from contracts.events import all_events

ROOT = Path(__file__).resolve().parents[1]
SERVICES = ("gateway", "identity", "profile", "points", "campaign")
BEGIN, END = "<!-- settings: generated -->", "<!-- end of settings -->"


def documents() -> dict[Path, str]:
    """Every generated file and its text."""
    readme = ROOT / "README.md"
    return {
        **{
            ROOT / "docs/events" / f"{event.subject}.json": _json(event_schema(event))
            for event in all_events()
        },
        ROOT / "docs/openapi.json": _json(importlib.import_module("contracts.openapi").document()),
        ROOT / "docs/data-dictionary.md": dictionary(entries()),
        ROOT / "docs/kpis.md": kpis(),
        readme: with_settings(readme.read_text()),
    }


DICTIONARY = """# Data dictionary 数据字典

Every field of the public API and of the bus, once: what it means, how it is classed, which models
have it. Times are RFC 3339 with zone, dates ISO 8601, money whole fen, points whole numbers, phones
E.164. Personal and sensitive values are sealed behind the gateway.

所有公开接口与总线事件的字段各定义一次：含义、数据分类、所在模型。时间为带时区的 RFC 3339，
日期为 ISO 8601，金额以分为单位，积分为整数，手机号为 E.164；个人与敏感数据在网关之后均为密文。

| field 字段 | 中文 | English | class 分类 | kind 类型 | in 所在模型 |
|---|---|---|---|---|---|
"""
SHOWN = 6  # models a row names; the others are counted


def dictionary(found: list[Entry]) -> str:
    """docs/data-dictionary.md. Raises AssertionError for a field without words."""
    missing = untold()
    assert not missing, f"words.tsv and the contracts differ in: {', '.join(missing)}"
    rows = []
    for entry in found:
        named = sorted(entry.models)
        models = ", ".join(named[:SHOWN]) + (f" +{len(named) - SHOWN}" if named[SHOWN:] else "")
        classes, kinds = ", ".join(sorted(entry.classes)), ", ".join(sorted(entry.kinds))
        rows.append(
            f"| `{entry.name}` | {entry.zh} | {entry.en} | {classes} | {kinds} | {models} |"
        )
    return DICTIONARY + "\n".join(rows) + "\n"


KPIS = """# KPI board 指标看板

`GET /v1/kpis?from=&to=&by=` tells these figures of days that are over, beside as many days before,
with targets and colours; `by` is channel, store, segment or month. Made from
[definitions.json](../services/campaign/campaign_service/kpis/definitions.json), which the board and
the weekly report (`GET /v1/kpis/reports`, Mondays) read as well: there is one definition of each
figure. Targets can be changed (`PUT /v1/kpi-targets`); every version is kept. Facts are sums a day;
a late order, a refund or a merge writes the days it concerns anew, so that past figures are what
they would be had it been known at once. Orders of more than 700 days ago change nothing. A segment
of an order or a contact is one that the member was in when it became known. `effect` of a part is
what it adds to the whole's change: effects add up to it. Data operators get counts and sums of ten
members at least, and no ratios.

每项指标只在定义文件中写一次，看板、周报与本页都由它而来。迟到的订单、退款与合并会重算所涉日期。

"""


def kpis() -> str:
    """docs/kpis.md, from the definition file."""
    domain = importlib.import_module("campaign_service.kpis.domain")
    return KPIS + "\n".join(_kpi(each) for each in domain.definitions().values())


def _kpi(each: Any) -> str:
    bounds = f"green {each.target:g}, amber {each.amber:g}; {each.better} is better"
    return (
        f"## {each.name['zh']} {each.name['en']} `{each.kpi}`\n\n"
        f"{each.definition['en']}\n\n{each.definition['zh']}\n\n"
        f"- {each.numerator_name['en']} ÷ {each.denominator_name['en']}"
        f"（{each.numerator_name['zh']} ÷ {each.denominator_name['zh']}）, in {each.unit}\n"
        f"- shipped target 默认目标: {bounds}\n- by: {', '.join(each.parts)}\n"
    )


def event_schema(event: type[Event]) -> dict[str, Any]:
    """JSON Schema of an event, the data class beside every property (`x-data-class`)."""
    (_reference,), components = msgspec.json.schema_components(
        [event], ref_template="#/$defs/{name}"
    )
    for struct in structs_in(event):
        properties = components[struct.__name__]["properties"]
        for name, _hint, classified in fields_of(struct):
            assert classified is not None, f"{struct.__name__}.{name} has no data class"
            properties[name]["x-data-class"] = classified.data_class.value
    own = components.pop(event.__name__)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": event.subject,
        **own,
        **({"$defs": components} if components else {}),
    }


def structs_in(hint: Any) -> set[type[msgspec.Struct]]:
    """The structs that a type is made of, itself included."""
    if inspect.isclass(hint) and issubclass(hint, msgspec.Struct):
        inner = [structs_in(each) for each in get_type_hints(hint).values()]
        return {hint}.union(*inner)
    return set().union(*(structs_in(each) for each in get_args(hint)))


def settings_classes() -> Iterator[tuple[str, type[Settings]]]:
    """(who reads it, class): the shared settings, then each service's own."""
    yield "all", Settings
    for service in SERVICES:
        module = importlib.import_module(f"{service}_service.settings")
        for thing in vars(module).values():
            if inspect.isclass(thing) and thing.__module__ == module.__name__:
                assert issubclass(thing, Settings)
                yield service, thing


def settings_rows() -> Iterator[tuple[str, str, str, str]]:
    """(variable, who reads it, default, what it is) of every setting."""
    for reader, model in settings_classes():
        for name, field in model.model_fields.items():
            if model is not Settings and name in Settings.model_fields:
                continue
            assert field.description, f"{model.__name__}.{name} has no description"
            yield f"HUIYUAN_{name.upper()}", reader, _default(field.default), field.description
    for service in SERVICES:
        what = f"password of the database role of {service}; empty: one is generated and kept"
        yield f"HUIYUAN_{service.upper()}_PASSWORD", "huiyuan", "–", what


def with_settings(readme: str) -> str:
    """README with the table between its markers made anew."""
    head, _, rest = readme.partition(BEGIN)
    _, _, tail = rest.partition(END)
    rows = "\n".join(
        f"| `{variable}` | {reader} | {default} | {what} |"
        for variable, reader, default, what in settings_rows()
    )
    table = f"| setting | read by | default | what |\n|---|---|---|---|\n{rows}"
    return f"{head}{BEGIN}\n{table}\n{END}{tail}"


def _default(value: Any) -> str:
    return "–" if value in (None, "") else f"`{value}`"


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def stale(wanted: dict[Path, str]) -> list[Path]:
    """Generated files that differ from what the code says, and files nothing generates."""
    known = (ROOT / "docs/events").glob("*.json")
    differing = [
        path for path, text in wanted.items() if not path.exists() or path.read_text() != text
    ]
    return sorted([*differing, *(path for path in known if path not in wanted)])


def main() -> int:
    """Write, or check."""
    wanted = documents()
    found = stale(wanted)
    if "--check" in sys.argv[1:]:
        for path in found:
            sys.stdout.write(f"stale: {path.relative_to(ROOT)} (run `make docs`)\n")
        return 1 if found else 0
    for path in found:
        if path in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[path])
        else:
            path.unlink()
        sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The OpenAPI 3.1 document of the whole platform, made from the operation table."""

import re
from collections.abc import Iterable
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema

from contracts import (
    activities,
    campaign,
    clusters,
    forecasts,
    gateway,
    identity,
    insights,
    invitations,
    merge_reviews,
    points,
    profile,
    quality,
    rfm,
    segments,
    surveys,
    tag_watches,
    templates,
    timeline,
    worth,
)
from contracts.base import ProblemDocument
from contracts.classification import fields_of
from contracts.gateway.access import OAuthProblem
from contracts.operations import Operation
from contracts.reading import STATED

VERSION = "0.1.0"
_REF = "#/components/schemas/{model}"
_PARAMETER = re.compile(r"{(\w+)}")
_CODE = "^[A-Za-z0-9._:#-]{1,64}$"
_FORM = "application/x-www-form-urlencoded"
_OAUTH = "/oauth2/"
_MODELS = BaseModel | msgspec.Struct


def operations() -> list[Operation]:
    """Every public operation, by service."""
    areas = (
        gateway, identity, merge_reviews, profile, rfm, forecasts, quality, insights, segments,
        timeline, worth, clusters, tag_watches, points, campaign, templates, activities,
        surveys, invitations,
    )  # fmt: skip
    return [operation for area in areas for operation in area.OPERATIONS]


@cache
def document() -> dict[str, Any]:
    """Paths with role, scope and idempotency; schemas with the data class of every field."""
    table = operations()
    paths: dict[str, dict[str, Any]] = {}
    for operation in table:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    shapes = [shape for operation in table for shape in (operation.request, operation.response)]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "huiyuan",
            "version": VERSION,
            "description": "Membership and precision marketing. Personal values are marked with"
            " their data class; how much of one is shown depends on the caller's role.",
        },
        "paths": paths,
        "components": {
            "schemas": dict(sorted(_schemas([*shapes, ProblemDocument, OAuthProblem]).items())),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "writeKey": {"type": "http", "scheme": "basic"},
            },
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", operation.name).strip("_").lower(),
        "summary": operation.summary,
        "tags": list(operation.tags) or [operation.service],
        "x-service": operation.service,
        "x-roles": sorted(operation.roles),
        "x-scope": "own" if operation.own and "member" in operation.roles else "all",
        "security": _security(operation),
        "parameters": _parameters(operation),
        "responses": _responses(operation),
    }
    if operation.dev_only:
        described["x-development-only"] = True
    if operation.request is not None:
        form = operation.path.startswith(_OAUTH)
        content = {_FORM if form else "application/json": {"schema": _schema(operation.request)}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _security(operation: Operation) -> list[dict[str, list[str]]]:
    if not operation.open:
        return [{"bearer": sorted(operation.roles)}]
    return [{"writeKey": []}] if "Collect" in operation.tags else []


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(operation.path)
    ]
    found += [
        {
            "name": query.name,
            "in": "query",
            "required": query.required,
            "description": query.summary,
            "schema": TypeAdapter(query.type).json_schema(),
        }
        for query in operation.query
    ]
    if operation.idempotent:
        key = {"type": "string", "maxLength": 255}
        found.append(_header("Idempotency-Key", "same key and body, same answer", key))
    if operation.method == "GET" and "{member_id}" in operation.path:
        purpose = {"type": "string", "enum": sorted(STATED)}
        ticket = {"type": "string", "pattern": _CODE}
        found.append(_header("Purpose", "what a plain reading of personal values is for", purpose))
        found.append(_header("Ticket", "code of what staff read them for", ticket))
    if operation.edge in ("register", "link"):
        code = {"type": "string", "maxLength": 16}
        found.append(_header("Verification-Code", "what the phone got, if it is asked for", code))
    return found


def _header(name: str, summary: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name, "in": "header", "required": False, "description": summary, "schema": schema,
    }  # fmt: skip


def _responses(operation: Operation) -> dict[str, Any]:
    good: dict[str, Any] = {"description": operation.summary}
    if operation.response is not None:
        good["content"] = {"application/json": {"schema": _schema(operation.response)}}
    problem = {"schema": {"$ref": _REF.format(model="ProblemDocument")}}
    bad: dict[str, Any] = {
        "description": "Not done",
        "content": {"application/problem+json": problem},
    }
    if operation.path.startswith(_OAUTH):  # errors of RFC 6749; a problem if it is of another kind
        bad["content"]["application/json"] = {"schema": {"$ref": _REF.format(model="OAuthProblem")}}
    answers = {str(operation.status): good, "default": bad}
    if operation.done_before:
        answers["200"] = good
    if operation.page:
        good["content"] = {"text/html": {"schema": {"type": "string"}}}
        bad["content"]["text/html"] = {"schema": {"type": "string"}}
        answers["303"] = {"description": "Onwards"}
    return answers


def _schema(shape: Any) -> dict[str, Any]:
    models = list(_models_in(shape))
    if isinstance(shape, type) and models:
        return {"$ref": _REF.format(model=shape.__name__)}
    if get_origin(shape) is list and models:
        return {"type": "array", "items": _schema(get_args(shape)[0])}
    return {"type": "object"}


def _schemas(shapes: Iterable[Any]) -> dict[str, Any]:
    """JSON Schemas of all models the shapes need, their fields marked with their data class."""
    models = {model for shape in shapes for model in models_of(shape)}
    named: dict[str, type] = {}
    for model in sorted(models, key=lambda model: (model.__module__, model.__name__)):
        if named.setdefault(model.__name__, model) is not model:
            raise ValueError(f"two models are called {model.__name__}")
    structs = [model for model in named.values() if issubclass(model, msgspec.Struct)]
    pydantic = [model for model in named.values() if issubclass(model, BaseModel)]
    _, found = msgspec.json.schema_components(structs, ref_template=_REF.replace("model", "name"))
    _, others = models_json_schema([(model, "validation") for model in pydantic], ref_template=_REF)
    found |= others.get("$defs", {})
    for name, model in named.items():
        _mark(found[name], model)
    return found


def _mark(schema: dict[str, Any], model: type) -> None:
    """Write `x-data-class` and `x-kind` beside each field's type."""
    names = getattr(model, "__struct_encode_fields__", None)
    for n, (field, _, marker) in enumerate(fields_of(model)):
        name = names[n] if names else field
        if marker is None or name not in schema.get("properties", {}):
            continue
        described = schema["properties"][name]
        described["x-data-class"] = str(marker.data_class)
        if marker.kind or marker.kind_field:
            described["x-kind"] = str(marker.kind or f"see {marker.kind_field}")


def models_of(shape: Any) -> set[type]:
    """Every model that a request or answer is made of."""
    return {below for model in _models_in(shape) for below in _below(model, set())}


def _below(model: type, known: set[type]) -> set[type]:
    """A model and all models its fields are made of."""
    if model not in known:
        known.add(model)
        for _, hint, _ in fields_of(model):
            for inner in _models_in(hint):
                _below(inner, known)
    return known


def _models_in(hint: Any) -> Iterable[type]:
    if isinstance(hint, type) and issubclass(hint, _MODELS):
        yield hint
    elif get_origin(hint) in (Annotated, Union, UnionType, list, tuple, dict, set, frozenset):
        for inner in get_args(hint):
            yield from _models_in(inner)

"""Every field has a data class; every event and route is documented and served."""

import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.architecture.workspace import ROOT, SERVICES, contract_modules
from tools.generate_docs import documents, stale

from contracts.base import Model
from contracts.classification import fields_of
from contracts.events import all_events
from contracts.openapi import operations
from contracts.roles import Role
from gateway_service.vault.use_cases import OWN_COLUMNS

OWN_PATHS = ("/internal", "/livez", "/readyz", "/metrics", "/dev")


def shapes() -> Iterator[type[Any]]:
    for module in contract_modules():
        for thing in vars(module).values():
            if inspect.isclass(thing) and issubclass(thing, Model | msgspec.Struct):
                yield thing


def test_every_field_has_a_data_class() -> None:
    bare = {
        f"{shape.__module__}.{shape.__name__}.{name}"
        for shape in shapes()
        for name, _hint, classified in fields_of(shape)
        if classified is None
    }
    assert bare == set()


def test_every_personal_field_tells_its_kind() -> None:
    unknown = {
        f"{shape.__name__}.{name}"
        for shape in shapes()
        for name, hint, classified in fields_of(shape)
        if classified and classified.sealed and "str" in str(hint)
        if classified.kind is None and classified.kind_field is None
    }
    assert unknown == set()


def test_every_sealed_field_tells_its_place() -> None:
    placeless = {
        f"{shape.__name__}.{name}"
        for shape in shapes()
        for name, _hint, classified in fields_of(shape)
        if classified and classified.sealed and (classified.kind or classified.kind_field)
        if not re.fullmatch(r"[a-z_]+\.[a-z_]+", classified.at or "")
    }
    assert placeless == set()


def test_every_place_is_declared_for_the_rotation_of_keys() -> None:
    promised = {
        classified.at
        for shape in shapes()
        for _name, _hint, classified in fields_of(shape)
        if classified and classified.at
    }
    declared = set(OWN_COLUMNS.places) | {
        place
        for service in SERVICES
        if service != "gateway"
        for place in create(service).state.sealed.places
    }
    only_indexed = {"login_code.number_index", "suppression.address"}
    assert promised - declared == only_indexed


def test_subjects_are_unique_and_well_formed() -> None:
    subjects = [event.subject for event in all_events()]
    assert len(subjects) == len(set(subjects))
    owners = {*SERVICES, "activity"}
    for subject in subjects:
        owner, _fact, version = subject.split(".")
        assert owner in owners and version.startswith("v"), subject


def test_generated_documents_are_fresh() -> None:
    assert [str(path.relative_to(ROOT)) for path in stale(documents())] == []


def test_operations_are_unique_and_somebody_may_call_them() -> None:
    names = [operation.name for operation in operations()]
    assert len(names) == len(set(names))
    for operation in operations():
        assert operation.service in SERVICES, operation.name
        assert operation.open or operation.roles <= frozenset(Role), operation.name
        assert operation.open or operation.roles, operation.name


def create(service: str) -> Any:
    return importlib.import_module(f"{service}_service.app").create_app()


@pytest.mark.parametrize("service", SERVICES)
def test_routes_and_operations_agree(
    service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the gateway makes its keys there
    app = create(service)
    app = getattr(app, "app", app)  # the gateway's own routes are behind its front door
    served = {
        f"{method.upper()} {path}"
        for path, methods in app.openapi()["paths"].items()
        if not path.startswith(OWN_PATHS)
        for method in methods
    }
    promised = {
        operation.name
        for operation in operations()
        if operation.service == service and not operation.path.startswith(OWN_PATHS)
    }
    assert served == promised

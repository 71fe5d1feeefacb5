"""The operation table, the app's routes and the document agree."""

from pathlib import Path

from contracts import openapi
from gateway_service.app import create_app
from gateway_service.proxy.edges import EDGES
from gateway_service.proxy.front import HEALTH
from gateway_service.settings import Settings


def routes(tmp_path: Path, *, dev: bool) -> set[tuple[str, str]]:
    app = create_app(Settings(dev=dev, key_dir=tmp_path)).app
    paths = app.openapi()["paths"]
    return {
        (method.upper(), path)
        for path, methods in paths.items()
        if path not in HEALTH
        for method in methods
    }


def test_own_routes_are_the_tables(tmp_path: Path) -> None:
    own = [each for each in openapi.operations() if each.service == "gateway"]
    assert routes(tmp_path, dev=True) == {(each.method, each.path) for each in own}
    assert routes(tmp_path, dev=False) == {
        (each.method, each.path) for each in own if not each.dev_only
    }


def test_every_edge_that_is_named_exists() -> None:
    named = {each.edge for each in openapi.operations() if each.edge}
    assert named == set(EDGES)


def test_settings_are_described() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_the_document_has_every_operation_and_class() -> None:
    document = openapi.document()
    assert document["openapi"].startswith("3.1")
    for each in openapi.operations():
        described = document["paths"][each.path][each.method.lower()]
        assert described["x-roles"] == sorted(each.roles)
    register = document["components"]["schemas"]["RegisterMember"]["properties"]
    assert register["name"]["x-data-class"] == "personal" and register["name"]["x-kind"] == "name"
    references = set(_references(document))
    assert references <= {f"#/components/schemas/{n}" for n in document["components"]["schemas"]}


def _references(node: object) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [ref for value in node.values() for ref in _references(value)]
    return [ref for value in node for ref in _references(value)] if isinstance(node, list) else []

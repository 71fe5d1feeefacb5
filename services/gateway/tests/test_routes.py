"""Matching requests to operations."""

import pytest

from chassis.problem import Problem
from contracts import openapi
from contracts.operations import Operation
from contracts.roles import EVERYONE
from gateway_service.proxy.routes import Routes


def operation(method: str, path: str) -> Operation:
    return Operation(method, path, "points", "", EVERYONE)


ROUTES = Routes(
    [
        operation("GET", "/v1/things"),
        operation("POST", "/v1/things"),
        operation("GET", "/v1/things/{id}"),
        operation("GET", "/v1/things/count"),
        operation("POST", "/v1/things/{id}/parts/{part}"),
        operation("POST", "/v1/things/count/again"),
    ]
)


@pytest.mark.parametrize(
    ("method", "path", "found", "params"),
    [
        ("GET", b"/v1/things", "/v1/things", {}),
        ("GET", b"/v1/things/count", "/v1/things/count", {}),
        ("GET", b"/v1/things/7", "/v1/things/{id}", {"id": "7"}),
        ("GET", b"/v1/things/a%2Fb", "/v1/things/{id}", {"id": "a/b"}),
        ("GET", b"/v1/things/%E4%B8%AD", "/v1/things/{id}", {"id": "中"}),
        ("POST", b"/v1/things/count/parts/2", "/v1/things/{id}/parts/{part}",
         {"id": "count", "part": "2"}),
    ],
)  # fmt: skip
def test_match(method: str, path: bytes, found: str, params: dict[str, str]) -> None:
    matched, given = ROUTES.match(method, path)
    assert (matched.path, given) == (found, params)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", b"/", 404),
        ("GET", b"/v1", 404),
        ("GET", b"/v1/things/", 404),
        ("GET", b"/v1//things", 404),
        ("GET", b"/v1/things/7/parts/", 404),
        ("PUT", b"/v1/things", 405),
        ("DELETE", b"/v1/things/7", 405),
        ("HEAD", b"/v1/things", 405),
    ],
)
def test_no_match(method: str, path: bytes, status: int) -> None:
    with pytest.raises(Problem) as refused:
        ROUTES.match(method, path)
    assert refused.value.status == status
    assert ("Allow" in refused.value.headers) is (status == 405)


def test_the_whole_table_is_reachable() -> None:
    routes = Routes(openapi.operations())
    for each in openapi.operations():
        path = each.path.replace("{", "x").replace("}", "y").encode()
        assert routes.match(each.method, path)[0] is each


def test_two_operations_of_one_path_are_refused() -> None:
    with pytest.raises(ValueError, match="two operations"):
        Routes([operation("GET", "/v1/a/{x}"), operation("GET", "/v1/a/{y}")])

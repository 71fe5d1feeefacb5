"""Data operators get groups of ten, and nobody out of the difference of two answers."""

import math
import random
import re
from collections import Counter
from fractions import Fraction
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.inner import Inner

from contracts import openapi
from contracts.base import Money
from contracts.classification import DataClass, fields_of
from contracts.points.common import Words
from contracts.roles import Role
from gateway_service.figures.domain import Cell, Cells, Rows, left_out
from gateway_service.figures.noise import laplace
from gateway_service.figures.plans import figures_of

AGGREGATE, NUMBER = DataClass.AGGREGATE, re.compile(r"\b(int|float|Money)\b")
RFM, TAGS, PURCHASES = "/v1/insights/rfm", "/v1/tags/counts", "/v1/insights/purchases"


async def ask(gateway: Gateway, path: str, role: Role = Role.DATA_OPERATOR) -> Any:
    answer = await gateway.http.get(path, headers=await gateway.as_(role))
    assert answer.status_code == 200, answer.text
    return answer.json()


def rfm(**cells: int) -> dict[str, Any]:
    return {
        "at": "2020-01-01T00:00:00Z", "scheme": "days", "members": sum(cells.values()),
        "cells": cells, "bounds": {"frequency": [1.0, 2.0]},
    }  # fmt: skip


async def test_small_groups_and_what_would_betray_them_are_left_out(
    gateway: Gateway, inner: Inner
) -> None:
    inner.replies[f"GET {RFM}"] = 200, rfm(a=3, b=40, c=25, d=12)
    exact = await ask(gateway, RFM, Role.ANALYST)
    assert exact["cells"] == {"a": 3, "b": 40, "c": 25, "d": 12} and exact["bounds"]
    coarse = await ask(gateway, RFM)
    assert coarse["cells"] == {"b": 40, "c": 25}  # 80 - 65 leaves 15 that are two groups
    assert coarse["members"] == 80 and coarse["bounds"] is None


async def test_rows_share_out_a_whole_by_their_first_label(gateway: Gateway, inner: Inner) -> None:
    inner.replies[f"GET {TAGS}"] = 200, {"data": [
        {"tag": "age", "value": "20s", "members": 4}, {"tag": "age", "value": "30s", "members": 30},
        {"tag": "age", "value": "40s", "members": 50}, {"tag": "vip", "value": None, "members": 11},
    ]}  # fmt: skip
    found = await ask(gateway, TAGS)
    assert [(row["tag"], row["value"]) for row in found["data"]] == [("age", "40s"), ("vip", None)]


async def test_two_answers_never_differ_by_less_than_ten(gateway: Gateway, inner: Inner) -> None:
    """Whatever the query says and however the numbers move."""
    chance = random.Random(7)
    answered: dict[str, set[int]] = {"a": set(), "b": set(), "c": set(), "members": set()}
    now = {"a": 60, "b": 35, "c": 20}
    for step in range(60):
        now = {name: max(0, n + chance.randint(-6, 7)) for name, n in now.items()}
        inner.replies[f"GET {RFM}"] = 200, rfm(**now)
        got = await ask(gateway, f"{RFM}?at=2020-01-{step % 28 + 1:02}T00:00:00Z")
        shown = {**got["cells"], "members": got["members"]}
        for name, value in shown.items():
            true = now.get(name, sum(now.values()))
            assert value >= 10 and abs(value - true) < 10
            answered[name].add(value)
    for values in answered.values():
        assert len(values) > 1
        assert all(b - a >= 10 for a, b in pairwise(sorted(values)))


async def test_sums_move_by_ten_members_worth(gateway: Gateway, inner: Inner) -> None:
    def figures(paid: int, members: int) -> dict[str, int]:
        return {
            "orders": 2 * members, "lines": 9 * members, "paid_fen": paid, "refunded_fen": 0,
            "members": members,
        }  # fmt: skip

    async def paid(total: int, members: int) -> tuple[int, int]:
        inner.replies[f"GET {PURCHASES}"] = 200, figures(total, members)
        got = await ask(gateway, PURCHASES)
        return got["paid_fen"], got["members"]

    assert await paid(100_000, 100) == (100_000, 100)
    assert await paid(101_234, 101) == (100_000, 100)  # one more purchase does not show
    assert await paid(109_900, 109) == (100_000, 100)
    assert await paid(112_000, 111) == (112_000, 111)
    assert await paid(400, 4) == (0, 0)


async def test_the_same_figure_in_two_operations(gateway: Gateway, inner: Inner) -> None:
    template = str(uuid4())

    def funnel(issued: int) -> dict[str, Any]:
        return {
            "template_id": template, "names": None, "issued": issued, "claimed": issued,
            "redeemed": 50, "rolled_back": 0, "expired": 0,
            "discount": {"amount": 5000, "currency": "CNY"},
        }  # fmt: skip

    one = f"/v1/coupon-templates/{template}/funnel"
    inner.replies[f"GET {one}"] = 200, funnel(100)
    inner.replies["GET /v1/coupon-funnel"] = 200, {"total": funnel(104), "data": [funnel(104)]}
    assert (await ask(gateway, one))["issued"] == 100
    both = await ask(gateway, "/v1/coupon-funnel")
    assert both["data"][0]["issued"] == 100 and both["total"]["issued"] == 104
    assert both["total"]["discount"] == {"amount": 5000, "currency": "CNY"}


async def test_noise_costs_a_budget_that_is_kept(start_gateway: Any, inner: Inner) -> None:
    gateway = await start_gateway(FIGURES_EPSILON="0.5", FIGURES_BUDGET="1.0")
    inner.replies[f"GET {RFM}"] = 200, rfm(a=1000)
    first = await ask(gateway, RFM)  # two figures: members and a cell
    assert first["members"] > 900 and first["cells"]["a"] > 900
    assert await ask(gateway, RFM) == first  # what was given costs nothing again
    inner.replies[f"GET {RFM}"] = 200, rfm(a=5000)
    spent = await ask(gateway, RFM)
    assert (spent["members"], spent["cells"]) == (0, {})
    async with gateway.app.db.transaction(readonly=True) as tx:
        assert await tx.fetchval("SELECT spent FROM figure_budget") == pytest.approx(1.0)


@pytest.mark.parametrize("scale", [Fraction(4), Fraction(1, 2), Fraction(7, 3)])
def test_noise_is_of_the_distribution_that_it_says(scale: Fraction) -> None:
    n = 4000
    drawn = Counter(laplace(scale) for _ in range(n))
    ratio = math.exp(-1 / scale)
    whole = (1 + ratio) / (1 - ratio)
    expected = {k: n * ratio ** abs(k) / whole for k in range(-60, 61)}
    likely = [k for k, times in expected.items() if times >= 5]
    off = sum((drawn[k] - expected[k]) ** 2 / expected[k] for k in likely)
    assert off < chi2.isf(1e-6, len(likely)), (off, len(likely))
    assert sum(drawn[k] for k in likely) > 0.9 * n


@given(st.dictionaries(st.text("abcdefgh", max_size=3), st.integers(0, 60), max_size=9))
def test_what_is_left_out_hides_each_of_its_parts(members: dict[str, int]) -> None:
    gone = left_out(members, ())
    hidden = [members[part] for part in gone if members[part]]
    shown = [n for part, n in members.items() if part not in gone]
    assert all(n >= 10 for n in shown)
    if hidden and shown:
        assert sum(hidden) >= 10 and len(hidden) > 1


# What is set up, not whom it is about.
CONFIGURATION = frozenset(
    {
        "act-kinds", "benefits", "category-synonyms", "coupon-templates", "earning-rules", "jobs",
        "ledger",
        "membership-plans",
        "packages", "partners", "products", "questionnaires", "quarantine", "rewards", "rules",
        "schemas", "segments",
        "stored-value-rules", "stores", "tags", "tasks", "tier-ladders",
    }
)  # fmt: skip


def test_data_operators_get_configuration_and_figures_only() -> None:
    """A new operation for them: mark its numbers `counted` or `summed`, or name its path here."""
    for operation in openapi.operations():
        if Role.DATA_OPERATOR not in operation.roles or operation.method != "GET":
            continue
        if figures_of(operation.response):
            bare = {
                f"{model.__name__}.{name}"
                for model in openapi.models_of(operation.response)
                for name, hint, marker in fields_of(model)
                if model not in (Money, Words)
                if NUMBER.search(str(hint)) and marker and marker.data_class is not AGGREGATE
            }
            assert bare == set()
        else:
            assert operation.path.split("/")[2] in CONFIGURATION, operation.name


def test_figures_are_found_by_contract() -> None:
    found: dict[str, Any] = {}
    for operation in openapi.operations():
        if figures_of(operation.response):
            found[operation.path] = figures_of(operation.response)
    assert found[RFM]["cells"] == Cells() and found[RFM]["members"] == Cell()
    assert found[PURCHASES]["paid_fen"] == Cell("members")
    assert isinstance(found[TAGS]["data"], Rows) and found[TAGS]["data"].share == "members"

"""Clock, ids, problems and the coalescer: no server needed."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from chassis.clock import DrivenClock, SystemClock, local_date, midnight
from chassis.coalesce import Coalescer
from chassis.ids import Ids
from chassis.jobs import BackgroundJob
from chassis.principal import Principal
from chassis.problem import from_msgspec, from_validation
from chassis.rights import PART_BYTES, pieces_of
from contracts.events import IdentifierLinked, PointsExpired
from contracts.orders import OrderBatchRequest, OrderRequest
from contracts.roles import Role


def test_two_processes_see_a_move_at_once(tmp_path: Path) -> None:
    one, other = DrivenClock(tmp_path / "clock"), DrivenClock(tmp_path / "clock")
    moment = datetime(2017, 1, 1, 9, tzinfo=UTC)
    one.move(moment, ticking=False)
    assert other.now() == one.now() == moment
    one.move(moment)
    assert moment <= other.now() < moment + timedelta(seconds=60)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_midnight_is_the_first_moment_of_its_day(day: date) -> None:
    assert local_date(midnight(day)) == day
    assert local_date(midnight(day) - timedelta(microseconds=1)) == day - timedelta(days=1)


def test_ids_order_by_time_and_derive_by_parts() -> None:
    ids = Ids(SystemClock())
    assert ids.new().version == 7
    assert ids.derive("member", "a", "1") == ids.derive("member", "a", "1")
    assert ids.derive("member", "a", "1") != ids.derive("member", "a1")
    assert ids.derive("x") != Ids(SystemClock(), "seed").derive("x")


def test_principal_survives_its_header() -> None:
    ids = Ids(SystemClock())
    for principal in (
        Principal(Role.ANALYST, "a-1"),
        Principal(Role.MEMBER, "m", ids.new(), "service"),
        Principal(Role.GUIDE, "g", store="s;1 中央店", stepped_up=True),
    ):
        assert Principal.from_header(principal.header()) == principal


ORDER = {
    "order_no": "1",
    "store": "s",
    "channel": "pos",
    "paid_at": "2017-01-01T10:00:00+08:00",
    "items": [{"sku": "x", "quantity": 1, "amount": {"amount": 100}}],
    "paid": {"amount": 100},
}


@pytest.mark.parametrize(
    ("change", "status", "pointer"),
    [
        ({"paid": {"amount": -1}}, 422, "/paid/amount"),
        ({"items": [{"sku": "x", "quantity": "1", "amount": {"amount": 1}}]}, 422,
         "/items/0/quantity"),
        ({"items": []}, 422, "/items"),
        ({"paid_at": "yesterday"}, 422, "/paid_at"),
        ({"phone": "13800138000"}, 422, "/phone"),
        ({"order_no": None}, 422, "/order_no"),
    ],
)  # fmt: skip
def test_a_wrong_body_gets_a_pointer_and_no_echo(
    change: dict[str, object], status: int, pointer: str
) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(msgspec.json.encode(ORDER | change), type=OrderRequest)
    problem = from_msgspec(caught.value)
    assert (problem.status, problem.errors[0].pointer) == (status, pointer)
    assert "13800138000" not in problem.document().model_dump_json()


def test_a_missing_field_and_broken_json() -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(b'{"orders": [{"order_no": "1"}]}', type=OrderBatchRequest)
    assert from_msgspec(caught.value).errors[0].pointer == "/orders/0/store"
    with pytest.raises(msgspec.DecodeError) as broken:
        msgspec.json.decode(b'{"orders": [', type=OrderBatchRequest)
    assert from_msgspec(broken.value).status == 400


def test_events_ignore_fields_they_do_not_know() -> None:
    assert (
        msgspec.json.decode(
            b'{"day":"2018-01-01","members":[],"later":1}', type=PointsExpired
        ).members
        == []
    )
    assert IdentifierLinked.subject == "identity.identifier_linked.v1"


async def test_callers_share_batches_and_keep_their_own_answers() -> None:
    sizes: list[int] = []

    async def run(items: Sequence[int]) -> list[int | Exception]:
        sizes.append(len(items))
        await asyncio.sleep(0)
        return [ValueError(item) if item % 7 == 0 else item * 2 for item in items]

    coalescer = Coalescer(run, max_batch=64, workers=2)
    answers = await asyncio.gather(
        *(coalescer.submit(n) for n in range(1000)), return_exceptions=True
    )
    for n, answer in enumerate(answers):
        assert isinstance(answer, ValueError) if n % 7 == 0 else answer == n * 2
    assert sum(sizes) == 1000 and len(sizes) < 50


async def test_callers_who_come_back_at_once_are_served() -> None:
    async def run(items: Sequence[int]) -> list[int | Exception]:
        await asyncio.sleep(0)
        return list(items)

    coalescer = Coalescer(run, workers=1)

    async def caller(n: int) -> list[int]:
        return [await coalescer.submit(n + step) for step in range(5)]

    answers = await asyncio.wait_for(asyncio.gather(*map(caller, range(20))), 5)
    assert answers == [[n + step for step in range(5)] for n in range(20)]


async def test_a_failed_batch_fails_its_callers_and_the_next_one_runs() -> None:
    fail = True

    async def run(items: Sequence[int]) -> list[int | Exception]:
        if fail:
            raise OSError("away")
        return list(items)

    coalescer = Coalescer(run)
    with pytest.raises(OSError, match="away"):
        await coalescer.submit(1)
    fail = False
    assert await coalescer.submit(2) == 2


def test_pydantic_errors_point_and_broken_json_is_400() -> None:
    class Body(BaseModel):
        many: list[int]

    for text, status, pointer in ((b'{"many": [1, "x"]}', 422, "/many/1"), (b"{", 400, "")):
        with pytest.raises(ValidationError) as caught:
            Body.model_validate_json(text)
        problem = from_validation(list(caught.value.errors()))
        assert (problem.status, problem.errors[0].pointer) == (status, pointer)


def test_a_large_copy_travels_in_parts() -> None:
    rows: dict[str, list[dict[str, Any]]] = {
        "a": [{"n": n, "text": "x" * 1000} for n in range(1000)], "b": [{"n": 1}],
    }  # fmt: skip
    pieces = pieces_of(rows)
    assert len(pieces) == 3
    assert all(len(msgspec.json.encode(piece)) <= PART_BYTES * 1.1 for piece in pieces)
    together = [(table, row) for piece in pieces for table, each in piece.items() for row in each]
    assert together == [(table, row) for table, each in rows.items() for row in each]
    assert pieces_of({}) == [{}]


@pytest.mark.parametrize(
    "key", ["13912345678", "欧阳若曦", "a@b.example", "wx-1990_shop", "x" * 41]
)
def test_a_key_that_is_no_name_is_not_repeated(key: str) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert({**ORDER, key: 1}, OrderRequest)
    assert from_msgspec(caught.value).errors[0].pointer == "/-"
    loc = ("body", "items", 0, key)
    found = [{"loc": loc, "type": "extra_forbidden", "msg": "Extra inputs are not permitted"}]
    assert from_validation(found).errors[0].pointer == "/items/0/-"


def test_a_tag_that_is_none_is_not_repeated() -> None:
    found = [{"loc": ("body",), "type": "union_tag_invalid", "msg": "Input tag '13912345678' …"}]
    assert "139" not in from_validation(found).document().model_dump_json()


def test_background_work_takes_its_share_and_rests_a_while_at_most() -> None:
    async def nothing(_db: object, _now: datetime) -> None: ...

    greedy, modest = BackgroundJob("a", nothing), BackgroundJob("b", nothing, share=0.1)
    assert [greedy.rest(took, 1.0) for took in (0.0, 0.3, 60.0)] == [1.0, 1.0, 1.0]
    assert [round(modest.rest(took, 1.0), 6) for took in (0.01, 0.3, 60.0)] == [1.0, 2.7, 5.0]

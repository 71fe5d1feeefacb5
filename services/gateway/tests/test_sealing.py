"""Requests sealed by contract."""

from typing import Annotated
from uuid import UUID

import pytest

from chassis.problem import Problem
from contracts import openapi
from contracts.base import Model, Record
from contracts.classification import Kind, fields_of, personal, public
from contracts.identity import LookupRequest, RegisterMember
from contracts.orders import OrderBatchRequest
from contracts.sealed import Sealed, is_token
from gateway_service.proxy.sealing import Leaf, Many, Shape, plan_of, seal
from gateway_service.vault.seal import IDENTIFIERS, Vault

MEMBER = UUID(int=9)


class Part(Record, frozen=True):
    note: Annotated[str, personal(Kind.TEXT, at="part.note")]
    label: Annotated[str, public] = ""


class Whole(Model):
    kind: Annotated[Kind, public]
    value: Annotated[str, personal(by="kind", at="identifier.value")]
    nicknames: Annotated[list[str], personal(Kind.NAME, at="whole.nicknames")] = []
    size: Annotated[int, public] = 0


def test_plans() -> None:
    assert plan_of(Part) == {"note": Leaf(Kind.TEXT, None, "part.note", False)}
    assert plan_of(Whole) == {
        "value": Leaf(None, "kind", IDENTIFIERS, False),
        "nicknames": Many(Leaf(Kind.NAME, None, "whole.nicknames", False)),
    }
    whose = {"value": Leaf(None, "kind", IDENTIFIERS, True)}
    assert plan_of(LookupRequest) == whose | {"name": Leaf(Kind.NAME, None, "member.name", True)}
    question = {"identifier": whose, "payer": whose}
    assert plan_of(OrderBatchRequest) == {"orders": Many(question)}


def test_every_personal_field_of_a_proxied_request_is_in_its_plan() -> None:
    def leaves(plan: object) -> int:
        if isinstance(plan, Leaf):
            return 1
        if isinstance(plan, Many):
            return leaves(plan.item)
        return sum(map(leaves, plan.values())) if isinstance(plan, dict) else 0

    found = {
        o.name: leaves(Shape(o.request).plan)
        for o in openapi.operations()
        if o.service != "gateway" and o.request is not None
    }
    assert found["POST /v1/members"] == 4  # identifiers, name, birthday, address
    assert found["POST /v1/orders"] == 2  # identifier, payer
    for operation in openapi.operations():
        if operation.service != "gateway" and isinstance(operation.request, type):
            direct = [m for _, _, m in fields_of(operation.request) if m and m.sealed]
            assert found[operation.name] >= len(direct)


def test_sealed_by_kind_or_by_sibling(vault: Vault) -> None:
    plan = plan_of(Whole)
    body = {"kind": "card_no", "value": "A-1", "nicknames": ["小张"], "size": 3}
    sealed = seal(vault, plan, body, MEMBER)
    token = Sealed.parse(sealed["value"])
    assert token.kind is Kind.CARD_NO and token.bound_to(MEMBER) and token.blind_index
    assert (
        vault.open(Sealed.parse(sealed["nicknames"][0]), {MEMBER.bytes}, place="whole.nicknames")
        == "小张"
    )
    assert sealed["size"] == 3 and body["value"] == "A-1"


def test_a_question_keeps_nothing_to_open(vault: Vault) -> None:
    sealed = seal(vault, plan_of(LookupRequest), {"kind": "phone", "value": "13800138000"}, None)
    assert sealed["value"] == vault.question(Kind.PHONE, "+8613800138000")


def test_a_registration(vault: Vault) -> None:
    given = {
        "identifiers": [{"kind": "phone", "value": "138 0013 8000"}],
        "name": "张三",
        "city": "杭州",
    }
    shape = Shape(RegisterMember)
    sealed = seal(vault, shape.plan, given, MEMBER)
    assert is_token(sealed["name"]) and sealed["city"] == "杭州"
    assert Sealed.parse(sealed["identifiers"][0]["value"]).index == vault.index(
        Kind.PHONE, "13800138000"
    )


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        (b"{", 400, ""),
        (b'{"identifiers": []}', 422, "/identifiers"),
        (b'{"identifiers": [{"kind": "phone"}]}', 422, "/identifiers/0/value"),
        (b'{"identifiers": [{"kind": "blood", "value": "A"}]}', 422, "/identifiers/0/kind"),
        (b'{"identifiers": [{"kind": "phone", "value": "1"}], "x": 1}', 422, "/x"),
        (b'{"identifiers": 7}', 422, "/identifiers"),
        (b"[]", 422, ""),
        (b'{"identifiers": [{"kind": "phone", "value": "\\ud800"}]}', 400, ""),
    ],
)
def test_other_shapes_are_refused_with_a_pointer(body: bytes, status: int, pointer: str) -> None:
    with pytest.raises(Problem) as refused:
        Shape(RegisterMember).decode(body)
    assert refused.value.status == status
    assert refused.value.errors[0].pointer == pointer


def test_an_unusable_value_is_pointed_at_and_not_repeated(vault: Vault) -> None:
    given = {
        "identifiers": [
            {"kind": "card_no", "value": "A-1"},
            {"kind": "phone", "value": "tel-4711"},
        ]
    }
    with pytest.raises(Problem) as refused:
        seal(vault, plan_of(RegisterMember), given, MEMBER)
    assert refused.value.errors[0].pointer == "/identifiers/1/value"
    assert "4711" not in refused.value.document().model_dump_json()

"""The grammar of sealed values and the data classes of fields."""

from typing import Annotated
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.base import Model, Record
from contracts.classification import Kind, class_of, fields_of, internal, personal, public
from contracts.sealed import Sealed, b64, is_token, unb64

kinds = st.sampled_from(Kind)
indexes = st.none() | st.binary(min_size=16, max_size=16).map(b64)


@given(kinds, st.integers(0, 99), st.binary(min_size=16, max_size=16),
       st.binary(min_size=1, max_size=200), indexes)  # fmt: skip
def test_a_token_survives_its_text(
    kind: Kind, version: int, subject: bytes, ciphertext: bytes, index: str | None
) -> None:
    token = Sealed(kind, version, subject, ciphertext, index)
    assert Sealed.parse(str(token)) == token and is_token(str(token))
    assert token.bound_to(UUID(bytes=subject))


@given(kinds, st.binary(min_size=16, max_size=16))
def test_a_question_holds_an_index_and_nothing_to_open(kind: Kind, index: bytes) -> None:
    token = Sealed(kind, blind_index=b64(index))
    assert Sealed.parse(str(token)).index == f"{kind}:{b64(index)}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hy1",
        "13800138000",
        "hy1.1.phone.x",
        "hy1.1.none.AA.AA",
        "hyx1.phone",
        "hy2.1.phone.A.A",
    ],
)
def test_anything_else_is_no_token(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Sealed.parse(text)


@given(st.binary(max_size=100))
def test_base64url_without_padding(data: bytes) -> None:
    assert unb64(b64(data)) == data and "=" not in b64(data)


def test_a_class_is_found_through_unions_and_containers() -> None:
    class Shape(Model):
        phone: Annotated[str, personal(Kind.PHONE, at="shape.phone")]
        name: Annotated[str | None, personal(Kind.NAME, at="shape.name")] = None
        open: str = ""

    class Row(Record, frozen=True):
        ids: list[Annotated[str, internal]]
        note: Annotated[str, public] | None = None

    assert [(name, found and found.kind) for name, _, found in fields_of(Shape)] == [
        ("phone", Kind.PHONE), ("name", Kind.NAME), ("open", None)
    ]  # fmt: skip
    assert [found for _, _, found in fields_of(Row)] == [internal, public]
    assert class_of(int) is None

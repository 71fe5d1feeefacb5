"""Reading a batch: fast when all is well, order by order when one is malformed."""

from typing import Annotated

import msgspec

from chassis.problem import from_msgspec
from contracts.base import Record
from contracts.classification import internal
from contracts.orders import OrderBatchRequest, OrderRequest
from contracts.points.orders import OrderAnswer, OrderError, OrderProblem


class _Envelope(Record, frozen=True):
    orders: Annotated[list[msgspec.Raw], msgspec.Meta(min_length=1, max_length=1000), internal]


class _Numbered(msgspec.Struct):
    order_no: str = ""


_batch = msgspec.json.Decoder(OrderBatchRequest)
_envelope = msgspec.json.Decoder(_Envelope)
_order = msgspec.json.Decoder(OrderRequest)
_numbered = msgspec.json.Decoder(_Numbered)


def read_batch(body: bytes) -> list[OrderRequest | OrderAnswer]:
    """Each order, or the answer that refuses it.

    Raises Problem 400 for malformed JSON and 422 where the batch itself has the wrong shape.
    """
    try:
        return list(_batch.decode(body).orders)
    except msgspec.ValidationError:
        pass  # an order may be to blame: look at each
    except msgspec.DecodeError as error:
        raise from_msgspec(error) from None
    try:
        envelope = _envelope.decode(body)
    except msgspec.ValidationError as error:
        raise from_msgspec(error) from None
    return [_read(bytes(raw)) for raw in envelope.orders]


def _read(raw: bytes) -> OrderRequest | OrderAnswer:
    try:
        return _order.decode(raw)
    except msgspec.ValidationError as error:
        wrong = from_msgspec(error)
    errors = [OrderError(each.pointer, each.code, each.detail) for each in wrong.errors]
    problem = OrderProblem(wrong.status, wrong.code, wrong.title, errors)
    return OrderAnswer(_number(raw), wrong.status, problem=problem)


def _number(raw: bytes) -> str:
    try:
        return _numbered.decode(raw).order_no
    except msgspec.ValidationError:  # the number is what is wrong
        return ""

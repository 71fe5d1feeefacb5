"""From a row's values to what tills and partners send. Pure.

A unit is what stands or falls together: a row, or the rows of one order that follow each other.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from pydantic import ValidationError

from contracts.identity import RegisterMember
from contracts.orders import OrderRequest
from contracts.points.orders import RefundRequest
from gateway_service.cleaning.domain import clean
from gateway_service.imports.fields import TRAIT, WHO
from gateway_service.imports.values import BadRow, day, degree, listed, moment, money, share, whole

Values = Mapping[str, str]
_LIVES = timedelta(days=365)  # knowledge of third parties that names no end
_CONFIDENCE = 0.5  # and none of how sure it is
_ANONYMOUS = "names nobody"
_TEXTS = ("name", "gender", "birthday", "city", "language", "channel")


@dataclass(frozen=True, slots=True)
class Unit:
    """Rows that go together; `row` is the first one's number, counted from the heading, 1."""

    row: int
    lines: Sequence[Values]


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What a third party says of somebody."""

    who: Sequence[tuple[str, str]]
    traits: Mapping[str, Any]
    confidence: float
    expires_on: date
    at: datetime


@dataclass
class Grouping:
    """Makes units of rows as they come; `kind` decides what goes together."""

    kind: str
    _open: list[Values] = field(default_factory=list)
    _row: int = 0

    def units(self, rows: Iterable[tuple[int, Values]], *, last: bool) -> Iterator[Unit]:
        """Those that are complete."""
        for n, values in rows:
            if self.kind != "orders":
                yield Unit(n, [values])
                continue
            number = values.get("order_no")
            if self._open and (number is None or self._open[0].get("order_no") != number):
                yield Unit(self._row, self._open)
                self._open = []
            self._row = self._row if self._open else n
            self._open.append(values)
        if last and self._open:
            yield Unit(self._row, self._open)
            self._open = []


def identifiers(values: Values) -> list[tuple[str, str]]:
    """Kinds and values of those that a row has. Raises BadRow for none."""
    found = [(name, values[name]) for name in values if name in WHO]
    if not found:
        raise BadRow(_ANONYMOUS, "phone")
    return found


def member(unit: Unit) -> dict[str, Any]:
    """A `RegisterMember` as it is written; it is cleaned and checked where all are. Raises BadRow
    for one that names nobody.
    """
    (values,) = unit.lines
    made: dict[str, Any] = {
        "identifiers": [{"kind": kind, "value": value} for kind, value in identifiers(values)]
    }
    made |= {name: values[name] for name in _TEXTS if name in values}
    if address := _address(values):
        made["address"] = address
    return made


def _address(values: Values) -> str:
    """The whole address: region and street in one, each part once."""
    whole_address = ""
    street = values.get("address", "")
    for name in ("province", "city", "district"):
        part = values.get(name, "")
        if part and part not in street and ("address" in values or name == "district"):
            whole_address += part
    return whole_address + street


def _registration(unit: Unit) -> None:
    """Raises BadRow for what will be refused."""
    try:
        RegisterMember.model_validate(clean(member(unit)).values)
    except ValidationError as error:
        raise _first_of(error) from None


def _first_of(error: ValidationError) -> BadRow:
    found = error.errors(include_input=False, include_url=False, include_context=False)[0]
    return BadRow(found["msg"], str(found["loc"][0]) if found["loc"] else "")


def order(unit: Unit) -> OrderRequest:
    """An order of its lines; what was paid is told by the first, else their sum. Raises BadRow."""
    first = unit.lines[0]
    currency = first.get("currency", "CNY")
    items = [_item(values, currency) for values in unit.lines]
    whole_price = len(unit.lines) > 1 or "price" in first or "line_amount" in first
    if "paid" in first:
        fen = money(first["paid"], "paid")
    elif whole_price:
        fen = sum(item["amount"]["amount"] for item in items)
    else:
        raise BadRow("says no amount", "paid")
    kind, value = identifiers(first)[0]
    made = {
        "order_no": first.get("order_no"),
        "store": first.get("store"),
        "channel": first.get("channel", "pos"),
        "paid_at": moment(first.get("paid_at", ""), "paid_at"),
        "items": items,
        "paid": {"amount": fen, "currency": currency},
        "identifier": {"kind": kind, "value": value},
    }
    try:
        return msgspec.convert(made, OrderRequest)
    except msgspec.ValidationError as error:
        raise BadRow(*_fault(str(error))) from None


def _item(values: Values, currency: str) -> dict[str, Any]:
    quantity = whole(values.get("quantity", "1"), "quantity", 1)
    if "line_amount" in values:
        fen = money(values["line_amount"], "line_amount")
    elif "price" in values:
        fen = money(values["price"], "price") * quantity
    else:
        fen = money(values.get("paid", ""), "paid")
    return {
        "sku": values.get("sku"),
        "quantity": quantity,
        "amount": {"amount": fen, "currency": currency},
    }


def _fault(text: str) -> tuple[str, str]:
    """Reason and field of what msgspec says: `Expected …, got … - at `$.store``."""
    reason, _, path = text.rpartition(" - at ")
    name = path.strip("`$").lstrip(".").partition(".")[0].partition("[")[0]
    return reason or text, name


def refund(unit: Unit) -> tuple[str, dict[str, Any]]:
    """The order's number and a `RefundRequest`. Raises BadRow."""
    (values,) = unit.lines
    for name in ("order_no", "refund_no"):
        if name not in values:
            raise BadRow("is missing", name)
    made: dict[str, Any] = {"refund_no": values["refund_no"]}
    if "amount" in values:
        fen, currency = money(values["amount"], "amount"), values.get("currency", "CNY")
        made["amount"] = {"amount": fen, "currency": currency}
    elif "sku" in values:
        quantity = whole(values.get("quantity", "1"), "quantity", 1)
        made["items"] = [{"sku": values["sku"], "quantity": quantity}]
    if reason := values.get("reason"):
        made["reason"] = "_".join(reason.split())
    try:
        RefundRequest.model_validate(made)
    except ValidationError as error:
        raise _first_of(error) from None
    return values["order_no"], made


def stock(unit: Unit) -> dict[str, Any]:
    """A `StockLevel`. Raises BadRow."""
    (values,) = unit.lines
    if not 0 < len(values.get("sku", "")) <= 64:
        raise BadRow("has 1 to 64 characters", "sku")
    return {"sku": values["sku"], "on_hand": whole(values.get("on_hand", ""), "on_hand", 0)}


def knowledge(unit: Unit, now: datetime) -> Knowledge:
    """What a third party says, as of `now` if it does not say when. Raises BadRow."""
    (values,) = unit.lines
    at = moment(values["collected_at"], "collected_at") if "collected_at" in values else now
    end = at.date() + _LIVES
    traits: dict[str, Any] = {}
    for name in ("spending_power", "district_activity"):
        if name in values:
            traits[name] = degree(values[name])
    if "interests" in values:
        traits["interests"] = listed(values["interests"])
    traits |= {
        name.removeprefix(TRAIT): degree(text)
        for name, text in values.items()
        if name.startswith(TRAIT)
    }
    if not traits:
        raise BadRow("says nothing", "spending_power")
    return Knowledge(
        identifiers(values), traits,
        share(values["confidence"], "confidence") if "confidence" in values else _CONFIDENCE,
        day(values["expires_at"], "expires_at") if "expires_at" in values else end,
        min(at, now),
    )  # fmt: skip


def legible(unit: Unit) -> None:
    """Raises BadRow for what could not be decoded, and for U+0000, which cannot be stored."""
    for line in unit.lines:
        for name, text in line.items():
            if "\ufffd" in text:
                raise BadRow("a character cannot be read in the file's encoding", name)
            if "\0" in text:
                raise BadRow("a text holds U+0000, which cannot be stored", name)


def checked(kind: str, unit: Unit) -> None:
    """Look at a unit without doing anything. Raises BadRow."""
    legible(unit)
    _CHECKS[kind](unit)


_CHECKS: dict[str, Callable[[Unit], object]] = {
    "members": _registration,
    "orders": order,
    "refunds": refund,
    "stock": stock,
    "enrichment": lambda unit: knowledge(unit, datetime(2000, 1, 1, tzinfo=UTC)),
}

_SHOWN: dict[str, Callable[[str, str], object]] = {
    "paid_at": moment, "collected_at": moment,
    "expires_at": day, "confidence": share,
    "spending_power": lambda text, _: degree(text),
    "district_activity": lambda text, _: degree(text),
    "interests": lambda text, _: ", ".join(listed(text)),
    **dict.fromkeys(("price", "line_amount", "paid", "amount"),
                    lambda text, name: f"{money(text, name) / 100:.2f}"),
}  # fmt: skip


def understood(values: Values) -> dict[str, str]:
    """A row's values as they are understood; as they are written where they are not."""
    shown = {name: str(value) for name, value in clean(dict(values)).values.items()}
    for name, text in values.items():
        if name in _SHOWN:
            with suppress(BadRow):
                shown[name] = str(_SHOWN[name](text, name))
    return shown

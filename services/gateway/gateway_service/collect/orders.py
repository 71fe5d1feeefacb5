"""`Order Completed` of the Segment e-commerce spec as an order of ours."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

import msgspec

from contracts.events import Activity
from contracts.orders import OrderRequest
from gateway_service.collect.clean import BadMessage

ORDER_COMPLETED = "Order Completed"
_FEN = Decimal(100)


def order_of(activity: Activity) -> OrderRequest:
    """The order an activity tells of, without its member. Raises BadMessage.

    `order_id`, `products[]` (sku or product_id, quantity, price) and `store_id` (or affiliation)
    must be there; `total`, else `revenue`, else the sum of the lines is what was paid.
    """
    told = activity.properties
    products = told.get("products")
    if not isinstance(products, list):
        raise BadMessage("field is required", "/properties/products")
    currency = told.get("currency") or "CNY"
    items = [_line(product, n, currency) for n, product in enumerate(products)]
    paid = told.get("total", told.get("revenue"))
    if paid is None:
        fen = sum(item["amount"]["amount"] for item in items)
    else:
        fen = _fen(paid, "/properties/total")
    coupon = told.get("coupon")
    order = {
        "order_no": _text(told.get("order_id")),
        "store": _text(told.get("store_id") or told.get("affiliation")),
        "channel": activity.channel or "ecommerce",
        "paid_at": activity.occurred_at,
        "items": items,
        "paid": {"amount": fen, "currency": currency},
        "coupons": [coupon] if coupon else [],
    }
    try:
        return msgspec.convert(order, OrderRequest)
    except msgspec.ValidationError:
        raise BadMessage("does not make an order", "/properties") from None


def _line(product: Any, n: int, currency: Any) -> dict[str, Any]:
    here = f"/properties/products/{n}"
    if not isinstance(product, dict):
        raise BadMessage("expected an object", here)
    quantity = product.get("quantity", 1)
    if not isinstance(quantity, int):
        raise BadMessage("expected a whole number", f"{here}/quantity")
    price = _number(product.get("price"), f"{here}/price")
    return {
        "sku": _text(product.get("sku") or product.get("product_id")),
        "quantity": quantity,
        "amount": {"amount": _rounded(price * quantity), "currency": currency},
    }


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) else value


def _fen(value: Any, pointer: str) -> int:
    return _rounded(_number(value, pointer))


def _rounded(yuan: Decimal) -> int:
    return int((yuan * _FEN).quantize(Decimal(1), ROUND_HALF_UP))


def _number(value: Any, pointer: str) -> Decimal:
    """A price as clients write it: a number, or a string of one."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise BadMessage("expected a number", pointer) from None
    if not number.is_finite() or abs(number) > 10**12:
        raise BadMessage("expected a number", pointer)
    return number

"""The cart that is asked about: every amount at list price, every article known."""

from chassis.problem import Problem
from contracts.base import Amount
from contracts.points import pricing as api
from points_service.catalogue.use_cases import Catalogue
from points_service.pricing.goods import line as known
from points_service.pricing.rules.rule import Cart

CURRENCY = "CNY"
LARGEST = 10**11  # fen of a line


def storable(text: str) -> bool:
    """Whether the database can be asked about it."""
    return "\0" not in text


def cart_of(request: api.QuoteRequest, catalogue: Catalogue) -> Cart:
    """The cart, once the catalogue has learnt what is in it. Raises Problem 422."""
    texts = [request.store, request.channel, *(line.sku for line in request.lines)]
    if not all(map(storable, [*texts, *(request.coupons or ())])):
        raise Problem(422, "unstorable_text", "A text holds U+0000")
    if request.store not in catalogue.stores:
        raise Problem(422, "unknown_store", "There is no such store", pointer="/store")
    lines = []
    for place, line in enumerate(request.lines):
        here = f"/lines/{place}"
        if line.sku not in catalogue.skus:
            raise Problem(422, "unknown_sku", "There is no such article", pointer=f"{here}/sku")
        about = catalogue.details.get(line.sku)
        lines.append(known(line.sku, line.quantity, _listed(line, here), about))
    delivery = _fen(request.delivery, "/delivery") if request.delivery else 0
    return Cart(request.store, request.channel, tuple(lines), delivery)


def _listed(line: api.CartLine, here: str) -> int:
    if (line.unit is None) == (line.amount is None):
        raise Problem(422, "one_amount", "Either a unit or an amount, not both", pointer=here)
    if line.amount is not None:
        return _fen(line.amount, f"{here}/amount")
    assert line.unit is not None
    return _checked(_fen(line.unit, f"{here}/unit") * line.quantity, f"{here}/unit")


def _fen(amount: Amount, here: str) -> int:
    if amount.currency != CURRENCY:
        raise Problem(422, "unknown_currency", "Only CNY is accepted", pointer=f"{here}/currency")
    return _checked(amount.amount, here)


def _checked(fen: int, here: str) -> int:
    if fen > LARGEST:
        raise Problem(422, "too_large", "No line costs that much", pointer=f"{here}/amount")
    return fen

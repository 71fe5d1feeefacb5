"""Products in the shop's own words for departments and categories. Pure.

The tree of categories is what was written before, and what was said of synonyms. What may belong
in several departments is left as it is.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from contracts.events import Product
from contracts.profile import ProductCorrection

_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Category:
    """A place in the tree: how the shop writes it; `synonym` if a word for it was set."""

    department: str | None
    name: str
    synonym: bool


Tree = Mapping[str, Sequence[Category]]  # by word


def word(text: str) -> str:
    """What spellings of one category have in common: width, case and gaps do not count."""
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def words_of(products: Iterable[Product]) -> set[str]:
    """The words that have to be looked up."""
    return {word(each.category) for each in products if each.category}


def filled(product: Product, known: Product | None) -> tuple[Product, list[ProductCorrection]]:
    """What a row leaves out, from what is known of the same product number."""
    lacking = ("department", "category") if known and product.category is None else ()
    found = {
        name: value
        for name in lacking
        if getattr(product, name) is None and (value := getattr(known, name)) is not None
    }
    told = [ProductCorrection(name, "of_product", None, value) for name, value in found.items()]
    return msgspec.structs.replace(product, **found), told


def tidied(product: Product, tree: Tree) -> tuple[Product, list[ProductCorrection]]:
    """A product as the tree has it, and what was corrected."""
    if not product.category or not (key := word(product.category)):
        return product, []
    places = tree.get(key, ())
    if not places:
        return _with(product, {"category": (_narrow(product.category), "width_and_space")})
    changes: dict[str, tuple[str, str]] = {}
    synonym = next((each for each in places if each.synonym), None)
    own = [each for each in places if _same(each.department, product.department)]
    place = synonym or (own or list(places))[0]
    rule = "category_synonym" if synonym else "category_spelling"
    changes["category"] = (place.name, rule)
    departments = {each.department for each in ([synonym] if synonym else places)} - {None}
    if product.department is None and len(departments) == 1:
        changes["department"] = (str(departments.pop()), "department_of_category")
    return _with(product, changes)


def _with(
    product: Product, changes: Mapping[str, tuple[str, str]]
) -> tuple[Product, list[ProductCorrection]]:
    told = [
        ProductCorrection(name, rule, getattr(product, name), value)
        for name, (value, rule) in changes.items()
        if value != getattr(product, name)
    ]
    values = {each.field: each.after for each in told}
    return msgspec.structs.replace(product, **values), told


def _same(one: str | None, other: str | None) -> bool:
    return word(one or "") == word(other or "")


def _narrow(text: str) -> str:
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", text)).strip()

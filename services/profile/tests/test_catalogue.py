"""Products in the shop's own words for categories."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.events import Product
from profile_service.catalogue.domain import Category, filled, tidied, word
from testkit.apps import RunningApp

TREE = {
    "fresh milk": [Category("DAIRY", "Fresh Milk", synonym=False)],
    "soap": [Category("DRUG GM", "Soap", synonym=False), Category("HOTEL", "Soaps", synonym=False)],
    "鲜牛奶": [Category("DAIRY", "Fresh Milk", synonym=True)],
    "散装": [Category(None, "BULK", synonym=True)],
}
CASES = [  # told: department, category; afterwards; rules
    ((None, "ｆｒｅｓｈ　 milk"), ("DAIRY", "Fresh Milk"),
     ["category_spelling", "department_of_category"]),
    (("DAIRY", "Fresh Milk"), ("DAIRY", "Fresh Milk"), []),
    (("GROCERY", "fresh milk"), ("GROCERY", "Fresh Milk"), ["category_spelling"]),
    ((None, "鲜牛奶"), ("DAIRY", "Fresh Milk"), ["category_synonym", "department_of_category"]),
    (("hotel", "SOAP"), ("hotel", "Soaps"), ["category_spelling"]),
    ((None, "soap"), (None, "Soap"), ["category_spelling"]),  # whose department is not certain
    ((None, "散装"), (None, "BULK"), ["category_synonym"]),
    ((None, " New  Goods "), (None, "New Goods"), ["width_and_space"]),
    ((None, None), (None, None), []),
]  # fmt: skip


@pytest.mark.parametrize(("told", "expected", "rules"), CASES)
def test_categories(told: Any, expected: Any, rules: list[str]) -> None:
    product, corrections = tidied(Product("s", None, *told), TREE)
    assert (product.department, product.category) == expected
    assert [each.rule for each in corrections] == rules
    assert tidied(product, TREE) == (product, [])


TEXTS = st.one_of(
    st.none(), st.text(max_size=8), st.sampled_from([*TREE, "Fresh Milk", "DAIRY", "ＳＯＡＰ "])
)


@given(TEXTS, TEXTS)
def test_tidying_again_changes_nothing(department: str | None, category: str | None) -> None:
    once, told = tidied(Product("s", "n", department, category), TREE)
    assert tidied(once, TREE) == (once, [])
    assert (once == Product("s", "n", department, category)) is (told == [])
    assert category is None or word(once.category or "") in {word(category), "fresh milk", "bulk",
                                                            "soaps"}  # fmt: skip


def test_a_batch_that_leaves_a_category_out_does_not_know_it() -> None:
    known = Product("s", "milk", "DAIRY", "Fresh Milk")
    product, told = filled(Product("s", "Milk 1 l"), known)
    assert (product.name, product.department, product.category) == (
        "Milk 1 l", "DAIRY", "Fresh Milk",
    )  # fmt: skip
    assert {each.field for each in told} == {"department", "category"}
    elsewhere = Product("s", None, None, "Cheese")
    assert filled(elsewhere, known) == (elsewhere, []) and filled(known, None) == (known, [])


async def test_products_are_written_in_the_shops_words(profile: RunningApp) -> None:
    async def put(path: str, body: Any) -> Any:
        answer = await profile.client.put(path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    synonyms = [{"word": "鲜 牛奶", "category": "Fresh Milk", "department": "DAIRY"}]
    assert await put("/v1/category-synonyms", {"synonyms": synonyms}) == {
        "synonyms": [{**synonyms[0], "word": "鲜 牛奶"}]
    }
    first = await put("/v1/products/a", {"department": "DAIRY", "category": "Fresh Milk"})
    assert first.get("corrections", []) == []
    second = await put("/v1/products/b", {"category": "FRESH  MILK"})
    assert (second["department"], second["category"]) == ("DAIRY", "Fresh Milk")
    rows = [{"sku": "c", "category": "鲜　牛奶"}, {"sku": "a", "name": "Milk"}]
    answer = await profile.client.post("/v1/products/batch", json={"products": rows})
    assert answer.json() == {"received": 2, "changed": 2}
    third = (await profile.client.get("/v1/products/c")).json()
    assert third["corrections"] == [
        {"field": "category", "rule": "category_synonym", "before": "鲜　牛奶",
         "after": "Fresh Milk"},
        {"field": "department", "rule": "department_of_category", "before": None, "after": "DAIRY"},
    ]  # fmt: skip
    kept = (await profile.client.get("/v1/products/a")).json()
    assert (kept["name"], kept["category"]) == ("Milk", "Fresh Milk")
    assert {each["rule"] for each in kept["corrections"]} == {"of_product"}
    twice = {"synonyms": [*synonyms, {"word": "鲜　牛奶", "category": "X"}]}
    ring = {"synonyms": [*synonyms, {"word": "fresh milk", "category": "Y"}]}
    for wrong in (twice, ring):
        refused = await profile.client.put("/v1/category-synonyms", json=wrong)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/synonyms")

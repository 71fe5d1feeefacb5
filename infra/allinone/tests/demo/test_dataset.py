"""The data set's own figures, which the whole demo is measured against."""

from datetime import date, datetime

import pytest

from allinone.demo import dataset


@pytest.fixture(scope="module")
def data() -> dataset.Dataset:
    return dataset.load()


def test_the_year_has_these_totals(data: dataset.Dataset) -> None:
    assert data.totals() == dataset.Totals(
        baskets=155_848,
        lines=1_469_307,
        paid_fen=459_603_958,
        growth_yuan=4_519_934,
        households=2_469,
        stores=457,
        products=92_348,
    )


def test_part_of_the_year_is_its_first_days(data: dataset.Dataset) -> None:
    part = data.until(date(2017, 1, 3))
    days = [data.day(date(2017, 1, n)) for n in (1, 2, 3)]
    assert [part.day(date(2017, 1, n)) for n in (1, 2, 3, 4)] == [*days, []]
    assert part.totals().lines == sum(len(basket.lines) for day in days for basket in day)
    assert part.totals().products == data.totals().products


def test_days_are_a_partition_of_the_baskets(data: dataset.Dataset) -> None:
    seen: set[int] = set()
    lines = paid = 0
    for day in dataset.days():
        baskets = data.day(day)
        assert all(basket.at.date() == day for basket in baskets)
        assert [b.at for b in baskets] == sorted(b.at for b in baskets)
        for basket in baskets:
            seen.add(basket.basket_id)
            assert basket.paid_fen == sum(line.amount.amount for line in basket.lines)
            lines += len(basket.lines)
            paid += basket.paid_fen
    assert (len(seen), lines, paid) == (155_848, 1_469_307, 459_603_958)


def test_christmas_is_closed(data: dataset.Dataset) -> None:
    assert data.day(date(2017, 12, 25)) == []


def test_every_sold_article_and_no_article_twice_is_in_the_catalogue(data: dataset.Dataset) -> None:
    skus = [product.sku for product in data.products()]
    assert len(skus) == len(set(skus))
    assert set(data.lines["sku"].unique()) <= set(skus)


def test_the_first_basket_reads_as_in_the_file(data: dataset.Dataset) -> None:
    first = data.day(dataset.FIRST_DAY)[0]
    assert (first.basket_id, first.household_id, first.store_id) == (31198570044, 900, 330)
    assert first.at == datetime(2017, 1, 1, 11, 53, 26)
    assert [(line.sku, line.quantity, line.amount.amount) for line in first.lines] == [
        ("1095275", 1, 50)
    ]

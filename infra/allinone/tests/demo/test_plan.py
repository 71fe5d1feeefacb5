"""The plan is a function of the data set: same year everywhere, every household one member."""

import hashlib
import os
import subprocess
import sys
from collections import defaultdict
from datetime import timedelta

import pytest

from allinone.demo import dataset, households, plan
from contracts.classification import Kind

_FINGERPRINT = """
import hashlib
from datetime import date
from allinone.demo import dataset, households, plan
data = dataset.load()
year = plan.Plan(data)
people = households.people(data.household_ids())
days = [year.day(date(2017, month, 1)) for month in range(1, 13)]
print(hashlib.sha256(repr((days, people)).encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def data() -> dataset.Dataset:
    return dataset.load()


@pytest.fixture(scope="module")
def year(data: dataset.Dataset) -> list[plan.Day]:
    made = plan.Plan(data)
    return [made.day(day) for day in dataset.days()]


def test_two_processes_plan_the_same_year() -> None:
    prints = {
        subprocess.run(
            [sys.executable, "-c", _FINGERPRINT],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(prints) == 1
    assert len(prints.pop().strip()) == 2 * hashlib.sha256().digest_size


def test_a_day_can_be_asked_for_again(data: dataset.Dataset, year: list[plan.Day]) -> None:
    assert plan.Plan(data).day(year[100].day) == year[100]


def test_members_exist_twice_and_thrice_before_they_are_one(year: list[plan.Day]) -> None:
    registered = [r for day in year for r in day.registrations]
    assert len(registered) == len(set(registered)) > 2 * 2_469
    # Simulated exactly as identity does it: identifiers named together are one person.
    owner = {
        (r.household_id, plan.IDENTIFIER[r.channel]): {plan.IDENTIFIER[r.channel]}
        for r in registered
    }
    groups: dict[int, list[set[Kind]]] = defaultdict(list)
    for (household, _), kinds in owner.items():
        groups[household].append(set(kinds))
    for link in (link for day in year for link in day.links):
        touched = [g for g in groups[link.household_id] if g & {link.known, link.other}]
        assert touched, "a link names at least one identifier that is known"
        rest = [g for g in groups[link.household_id] if g not in touched]
        groups[link.household_id] = [*rest, set().union({link.known, link.other}, *touched)]
    assert len(groups) == 2_469
    assert all(found == [set(plan.IDENTIFIER.values())] for found in groups.values())


def test_a_household_is_registered_before_it_buys_and_is_linked_after(year: list[plan.Day]) -> None:
    known: set[tuple[int, Kind]] = set()
    for day in year:
        known |= {(r.household_id, plan.IDENTIFIER[r.channel]) for r in day.registrations}
        assert all((link.household_id, link.known) in known for link in day.links)
        for basket, channel in day.baskets:
            assert (basket.household_id, plan.IDENTIFIER[channel]) in known


def test_behaviour_is_moderate_unique_and_before_its_basket(year: list[plan.Day]) -> None:
    ids = [b.message_id for day in year for b in day.behaviours]
    assert len(ids) == len(set(ids))
    assert 150_000 < len(ids) < 400_000
    assert max(len(day.behaviours) for day in year) < 2_000


def test_channels_follow_their_shares(year: list[plan.Day]) -> None:
    count: dict[str, int] = defaultdict(int)
    for day in year:
        for _, channel in day.baskets:
            count[channel] += 1
    shares = {channel: round(100 * n / 155_848) for channel, n in count.items()}
    assert shares == {"pos": 60, "miniprogram": 25, "ecommerce": 15}


@pytest.mark.parametrize("redeemable", [0, 199])
def test_nobody_redeems_a_handful_of_points(redeemable: int) -> None:
    assert all(plan.points_to_redeem(str(n), redeemable) == 0 for n in range(2_000))


def test_redemptions_are_hundreds_within_the_balance() -> None:
    amounts = {plan.points_to_redeem(str(n), 350) for n in range(2_000)}
    assert amounts == {0, 300}
    assert max(plan.points_to_redeem(str(n), 10_000) for n in range(2_000)) == plan.REDEEM_AT_MOST


def test_most_but_not_all_use_their_coupon() -> None:
    used = sum(plan.likes_coupon(n, dataset.FIRST_DAY + timedelta(n % 300)) for n in range(2_000))
    assert 1_100 < used < 1_300


def test_people_are_whole_and_distinct(data: dataset.Dataset) -> None:
    people = households.people(data.household_ids())
    assert list(people) == data.household_ids()
    for kind in plan.IDENTIFIER.values():
        assert len({person.identifier(kind) for person in people.values()}) == 2_469
    for person in people.values():
        assert len(person.name) >= 3
        assert len(person.phone) == 11 and person.phone.isdigit()
        assert len(person.openid) == 28 and person.openid.startswith("o")
        assert len(person.card_no) == 16 and person.card_no.isdigit()

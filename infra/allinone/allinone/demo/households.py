"""Each household of the data set as a Chinese member, made up by Faker with a fixed seed.

One pass in ascending order of household, one random source: the same people on every machine and
in every run. Full names have three characters or more and every value here is long enough that
finding its bytes somewhere is no coincidence (the byte scan relies on it).
"""

from __future__ import annotations

import random
import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from faker import Faker

from contracts.classification import Kind

SEED = 20170101
_OPENID_ALPHABET = string.ascii_letters + string.digits + "-_"


@dataclass(frozen=True, slots=True)
class Person:
    """Who a household is on the platform: the three identifiers are unique across households."""

    household_id: int
    name: str
    gender: str
    birthday: date
    province: str
    city: str
    district: str
    street: str
    phone: str
    openid: str
    card_no: str

    def identifier(self, kind: Kind) -> str:
        """The value of one of the three identifiers."""
        if kind is Kind.PHONE:
            return self.phone
        return self.card_no if kind is Kind.CARD_NO else self.openid

    @property
    def address(self) -> str:
        """Province, city, district, street and number in one line."""
        return f"{self.province}{self.city}{self.district}区{self.street}"


def people(household_ids: Iterable[int], seed: int = SEED) -> dict[int, Person]:
    """One person a household, keyed by household, in ascending order."""
    fake = Faker("zh_CN")
    fake.seed_instance(seed)
    rng = random.Random(seed)
    phones: set[str] = set()
    return {household: _person(household, fake, rng, phones) for household in sorted(household_ids)}


def secrets_of(crowd: Iterable[Person]) -> Iterator[tuple[str, str]]:
    """(kind, value) of everything that must not be readable behind the gateway."""
    for person in crowd:
        yield "name", person.name
        yield "phone", person.phone
        yield "openid", person.openid
        yield "card_no", person.card_no
        yield "street", person.street


def _person(household: int, fake: Faker, rng: random.Random, phones: set[str]) -> Person:
    gender = "female" if rng.random() < 0.58 else "male"
    return Person(
        household_id=household,
        name=_full_name(fake, gender),
        gender=gender,
        birthday=date(rng.randint(1942, 1998), rng.randint(1, 12), rng.randint(1, 28)),
        province=fake.province(),
        city=fake.city(),
        district=fake.district(),
        street=f"{fake.street_name()}{rng.randint(1, 999)}号{rng.randint(101, 3208)}室",
        phone=_unused_phone(fake, phones),
        openid="o" + "".join(rng.choices(_OPENID_ALPHABET, k=27)),
        card_no=f"8617{household:06d}{rng.randrange(10**6):06d}",
    )


def _full_name(fake: Faker, gender: str) -> str:
    given = fake.first_name_female if gender == "female" else fake.first_name_male
    while len(name := f"{fake.last_name()}{given()}") < 3:
        pass
    return name


def _unused_phone(fake: Faker, taken: set[str]) -> str:
    while (phone := str(fake.phone_number())) in taken:
        pass
    taken.add(phone)
    return phone

"""What a benefit is, in which period it counts, and what members are entitled to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from points_service.calendar import month_of, months_later, start_of


class Kind(StrEnum):
    """What sort of benefit it is."""

    PRICE = "price"  # what tiers pay of the list price; its worth follows from that
    SERVICE = "service"
    EXPERIENCE = "experience"
    EMOTIONAL = "emotional"
    SOCIAL = "social"
    PRIVILEGE = "privilege"


class Period(StrEnum):
    """What a quota is for: a month or a year of the programme's calendar."""

    MONTH = "month"
    YEAR = "year"

    @property
    def a_year(self) -> int:
        """How many there are in a year."""
        return 12 if self is Period.MONTH else 1

    def begin(self, moment: datetime) -> date:
        """The first day of the period a moment falls in."""
        month = month_of(moment)
        return month if self is Period.MONTH else month.replace(month=1)

    def end(self, begin: date) -> datetime:
        """The first moment after the period that begins then."""
        return start_of(months_later(begin, 12 // self.a_year))


class Occasion(StrEnum):
    """What a coupon is given for."""

    BIRTHDAY = "birthday"  # on the birthday
    REFERRAL = "referral"  # when a referred member's first purchase is rewarded


@dataclass(frozen=True, slots=True)
class Gift:
    """A coupon of a template, given by itself."""

    on: Occasion
    template_id: UUID


@dataclass(frozen=True, slots=True)
class Terms:
    """Of a benefit that is applied for: fulfilled within `hours`, in `areas` (empty: anywhere).

    With `order_from_fen` > 0 it is for an order of so many fen at least.
    """

    hours: int
    areas: frozenset[str]
    order_from_fen: int

    def due(self, applied_at: datetime) -> datetime:
        """When it has to be fulfilled."""
        return applied_at + timedelta(hours=self.hours)


@dataclass(frozen=True, slots=True)
class Benefit:
    """`value_fen` is what one use is worth, or a period of it where there is no quota.

    `earned_in`: an order of the period in one of these channels is needed (empty: none);
    `used_in`: channels it can be used in (empty: any).
    """

    benefit_id: str
    kind: Kind
    period: Period
    value_fen: int
    zh: tuple[str, str]  # name, description
    en: tuple[str, str]
    earned_in: frozenset[str] = frozenset()
    used_in: frozenset[str] = frozenset()
    application: Terms | None = None
    coupon: Gift | None = None
    active: bool = True


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What a member has of a benefit in a period; `left` None: as often as one likes.

    `earned` False: the order that earns it has yet to be made this period.
    """

    benefit: Benefit
    period: date
    quota: int | None
    used: int
    earned: bool = True

    @property
    def left(self) -> int | None:
        """How often it can still be used; never below 0, though a merge adds uses up."""
        return None if self.quota is None else max(0, self.quota - self.used)


def parse(benefit_id: str, stored: Mapping[str, Any]) -> Benefit:
    """A benefit as it is stored: `benefit.definition`."""
    application, coupon = stored["application"], stored["coupon"]
    return Benefit(
        benefit_id=benefit_id,
        kind=Kind(stored["kind"]),
        period=Period(stored["period"]),
        value_fen=stored["value_fen"],
        zh=(stored["name"]["zh"], stored["description"]["zh"]),
        en=(stored["name"]["en"], stored["description"]["en"]),
        earned_in=frozenset(stored["earned_in"]),
        used_in=frozenset(stored["used_in"]),
        application=application
        and Terms(
            application["hours"], frozenset(application["areas"]), application["order_from_fen"]
        ),
        coupon=coupon and Gift(Occasion(coupon["on"]), UUID(coupon["template_id"])),
        active=stored["active"],
    )


def dump(benefit: Benefit) -> dict[str, Any]:
    """The inverse of `parse`."""
    terms, gift = benefit.application, benefit.coupon
    return {
        "kind": benefit.kind.value,
        "period": benefit.period.value,
        "value_fen": benefit.value_fen,
        "name": {"zh": benefit.zh[0], "en": benefit.en[0]},
        "description": {"zh": benefit.zh[1], "en": benefit.en[1]},
        "earned_in": sorted(benefit.earned_in),
        "used_in": sorted(benefit.used_in),
        "application": terms
        and {
            "hours": terms.hours,
            "areas": sorted(terms.areas),
            "order_from_fen": terms.order_from_fen,
        },
        "coupon": gift and {"on": gift.on.value, "template_id": str(gift.template_id)},
        "active": benefit.active,
    }


def usable(benefit: Benefit, channel: str | None) -> bool:
    """Whether it can be used in that channel; a benefit of no particular one can be anywhere."""
    return not benefit.used_in or channel in benefit.used_in


def reaches(terms: Terms, area: str | None) -> bool:
    """Whether an application from that area can be fulfilled."""
    return not terms.areas or area in terms.areas

"""The kinds of expiry policy, by name."""

from points_service.expiry.rules.depreciation import Yearly
from points_service.expiry.rules.end_of_year import EndOfYear
from points_service.expiry.rules.rolling import Rolling
from points_service.expiry.rules.rule import Rule

KINDS: dict[str, type[Rule]] = {
    "rolling": Rolling,
    "end_of_year": EndOfYear,
    "depreciation": Yearly,
}

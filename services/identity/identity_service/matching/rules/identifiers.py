"""What an identifier of each kind proves, and its limits. A new kind is one row.

`priority`: the smaller, the earlier it is believed where two disagree. `persons`: how many people
one value may have (a family's phone); what more than `records` records carry is a shop's or a
test's and shows nothing. `each`: how many values one person may have; None: any number, so that
unlike values show nothing. `recycled`: given to somebody else later. `same`, `unlike`: how often
two records of one person that both have the kind agree, before anything was learnt.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from contracts.classification import Kind


@dataclass(frozen=True, slots=True)
class IdentifierRule:
    """One kind's row."""

    strength: Literal["strong", "shared", "weak"]
    priority: int
    persons: int
    each: int | None
    records: int
    recycled: bool = False
    same: float = 0.9


RULES: Mapping[Kind, IdentifierRule] = {
    Kind.WECHAT_UNIONID: IdentifierRule("strong", 1, 1, 1, 100, same=0.98),
    Kind.CARD_NO: IdentifierRule("strong", 2, 1, 1, 100, same=0.97),
    Kind.WECHAT_OPENID: IdentifierRule("strong", 3, 1, None, 100),
    Kind.MINIPROGRAM_OPENID: IdentifierRule("strong", 4, 1, None, 100),
    Kind.DOUYIN_ID: IdentifierRule("strong", 5, 1, None, 100),
    Kind.ECOMMERCE_ACCOUNT: IdentifierRule("strong", 6, 1, None, 100),
    Kind.EXTERNAL: IdentifierRule("strong", 7, 1, None, 100),
    Kind.EMAIL: IdentifierRule("strong", 8, 1, 3, 60, same=0.85),
    Kind.PHONE: IdentifierRule("shared", 9, 4, 3, 40, recycled=True, same=0.75),
    Kind.DEVICE_ID: IdentifierRule("weak", 10, 6, None, 60),
}

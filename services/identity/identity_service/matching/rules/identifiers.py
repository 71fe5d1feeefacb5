"""What an identifier of each kind proves, and its limits. A new kind is one row.

`strength`: a strong one is one person's, a shared one may be a family's or given to somebody else
later, a weak one shows nobody. `priority`: the smaller, the earlier it is believed where several
speak. `ids`: of how many registered ids a member may be made by this kind before somebody has to
look. What more than `records` records carry is a shop's or a test's and shows nothing. `each`: how
many values one person may have; None: any number, so that unlike values show nothing. `same`: how
often two records of one person that both have the kind agree, before anything was learnt.
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
    ids: int
    each: int | None
    records: int
    same: float = 0.9


RULES: Mapping[Kind, IdentifierRule] = {
    Kind.WECHAT_UNIONID: IdentifierRule("strong", 1, 30, 1, 100, same=0.98),
    Kind.CARD_NO: IdentifierRule("strong", 2, 30, 3, 100, same=0.97),
    Kind.WECHAT_OPENID: IdentifierRule("strong", 3, 30, None, 100),
    Kind.MINIPROGRAM_OPENID: IdentifierRule("strong", 4, 30, None, 100),
    Kind.DOUYIN_ID: IdentifierRule("strong", 5, 30, None, 100),
    Kind.ECOMMERCE_ACCOUNT: IdentifierRule("strong", 6, 30, None, 100),
    Kind.EXTERNAL: IdentifierRule("strong", 7, 30, None, 100),
    Kind.EMAIL: IdentifierRule("strong", 8, 30, 3, 60, same=0.85),
    Kind.PHONE: IdentifierRule("shared", 9, 6, 3, 40, same=0.75),
    Kind.DEVICE_ID: IdentifierRule("weak", 10, 0, None, 60),
}

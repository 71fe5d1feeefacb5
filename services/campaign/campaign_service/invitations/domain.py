"""What an invitation says, and which words of a member's own may stand on it. Pure."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

# What an invitation opens with, by design.
LEADS: Mapping[str, Mapping[str, str]] = {
    "classic": {"zh": "诚邀您参加", "en": "You are invited"},
    "festive": {"zh": "佳节同庆，邀您同来", "en": "Come and celebrate with us"},
    "friends": {"zh": "朋友喊你一起来", "en": "A friend asks you along"},
    "family": {"zh": "带上家人，一起来玩", "en": "Bring the family"},
}
_INVISIBLE = re.compile(r"[\u200b-\u200f\u2060-\u2064\ufeff\u00ad]")
_NUMBERS = "〇零一二三四五六七八九壹贰叁肆伍陆柒捌玖幺两"
_REACHABLE = (
    re.compile(rf"(?:[\d{_NUMBERS}][\s._·\-—()]*){{7,}}"),  # phones, ids, cards, in any digits
    re.compile(r"@|https?:|www\.|\w\.(?:com|cn|net|org|top|vip|shop|me)\b", re.IGNORECASE),
    re.compile(
        r"(?:微信|薇信|威信|wechat|vx|qq|扣扣|抖音)\W{0,3}(?:号|id)?\W{0,3}[a-z0-9_-]{4,}",
        re.IGNORECASE,
    ),
)


@dataclass(frozen=True, slots=True)
class Invitation:
    """A member's page to an activity; `guests` signed up by it and have a place, `came` came."""

    page_id: UUID
    activity_id: UUID
    member_id: UUID
    title: Mapping[str, Any]
    design: str
    words: str | None
    referral_code: str | None
    signup_until: datetime
    guests: int
    came: int


def reachable(words: str) -> bool:
    """Whether somebody could be reached by what stands there: a number, an address, an account.

    However it is written: full width, in Chinese numerals, with gaps or invisible signs.
    """
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", words))
    return any(each.search(plain) for each in _REACHABLE)


def tidy(words: str | None) -> str | None:
    """One line, without what cannot be seen; None for nothing."""
    kept = "".join(each if unicodedata.category(each)[0] != "C" else " " for each in words or "")
    return " ".join(_INVISIBLE.sub("", kept).split()) or None

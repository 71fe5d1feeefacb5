"""How a value looks when only its outline may be seen.

A mask shows something only of a value whose format it knows; of everything else, and of every kind
without a mask, nothing but stars. How long a value is does not show, but for the one or two stars
of a short name and an identity number's fixed length.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import date

from contracts.classification import Kind

STARS = "***"

_MOBILE = re.compile(r"(?:\+?86|0086)?(1[3-9]\d)\d{4}(\d{4})", re.ASCII)
_HAN = "[\u3400-\u9fff]"
_NAME = re.compile(rf"{_HAN}{{2,4}}|{_HAN}+(?:·{_HAN}+)+")
_ID_NUMBER = re.compile(r"(\d)(?:\d{16}|\d{13})([\dXx])", re.ASCII)
_CARD = re.compile(r"[0-9A-Za-z]{4,}([0-9A-Za-z]{4})")
_EMAIL = re.compile(r"([^@\s])([^@\s]*)@([^@\s]+\.[^@\s]+)")
_DOUBLE_SURNAMES = frozenset(
    re.findall(
        "..",
        "欧阳司马上官诸葛东方皇甫尉迟公孙慕容令狐夏侯长孙宇文司徒端木南宫司空闻人钟离赫连"
        "澹台公冶宗政濮阳淳于单于太叔申屠轩辕鲜于闾丘呼延百里东郭西门独孤第五公羊司寇子车颛孙巫马公西"
        "漆雕乐正壤驷公良拓跋夹谷宰父谷梁段干左丘梁丘东门南门羊舌微生亓官仲孙叔孙",
    )
)
_MUNICIPALITIES = "北京|上海|天津|重庆"
_PROVINCES = (
    "河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州"
    "|云南|陕西|甘肃|青海|台湾"
)
_REGIONS = "内蒙古|广西壮族|西藏|宁夏回族|新疆维吾尔"
_PLACE = "[^\\W\\d_省市区县路街道镇乡村号弄巷园小院栋楼室幢]"  # no sign of a street or a house
_DISTRICT = re.compile(
    rf"(?:(?:{_MUNICIPALITIES})市|(?:(?:{_PROVINCES})省|(?:{_REGIONS})自治区)?{_PLACE}{{2,7}}(?:市|自治州))"
    rf"{_PLACE}{{1,6}}[区县市旗]"
)


def mask(kind: Kind, value: str, today: date) -> str:
    """The outline of a value: `138****5678`, `张**`, `a***@host`, `30-39`."""
    outline = MASKS.get(kind)
    return outline(unicodedata.normalize("NFKC", value).strip(), today) if outline else STARS


def _phone(value: str, _today: date) -> str:
    found = _MOBILE.fullmatch(value)
    return f"{found[1]}****{found[2]}" if found else STARS


def _name(value: str, _today: date) -> str:
    if not _NAME.fullmatch(value):
        return STARS
    shown = 2 if len(value) > 2 and value[:2] in _DOUBLE_SURNAMES else 1
    return value[:shown] + "*" * min(len(value) - shown, 2)


def _email(value: str, _today: date) -> str:
    found = _EMAIL.fullmatch(value)
    if not found:
        return STARS
    return f"{found[1] if len(found[2]) > 1 else ''}***@{found[3]}"


def _card(value: str, _today: date) -> str:
    found = _CARD.fullmatch(value)
    return f"****{found[1]}" if found else STARS


def _id_number(value: str, _today: date) -> str:
    found = _ID_NUMBER.fullmatch(value)
    return f"{found[1]}{'*' * (len(value) - 2)}{found[2]}" if found else STARS


def _address(value: str, _today: date) -> str:
    found = _DISTRICT.match(value)
    return f"{found[0]}{STARS}" if found else STARS


def _birthday(value: str, today: date) -> str:
    try:
        born = date.fromisoformat(value)
    except ValueError:
        return STARS
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    decade = max(age, 0) // 10 * 10
    return f"{decade}-{decade + 9}"


MASKS: dict[Kind, Callable[[str, date], str]] = {
    Kind.PHONE: _phone,
    Kind.NAME: _name,
    Kind.EMAIL: _email,
    Kind.CARD_NO: _card,
    Kind.ID_NUMBER: _id_number,
    Kind.ADDRESS: _address,
    Kind.BIRTHDAY: _birthday,
}

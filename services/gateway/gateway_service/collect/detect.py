"""What looks personal in free data: by the name of its field, or by its shape."""

import re
import unicodedata
from functools import lru_cache
from typing import Any

from contracts.classification import Kind


def _fields(kind: Kind, names: str) -> dict[str, Kind]:
    return dict.fromkeys(names.split(), kind)


# Compared in lower case without `_`, `-`, `.` and spaces.
PERSONAL_FIELDS: dict[str, Kind] = {
    **_fields(
        Kind.NAME,
        "firstname lastname middlename fullname realname customername username nickname receiver"
        " receivername consignee recipient recipientname contact contactname contactperson"
        " 姓名 名字 收货人 收件人 联系人 昵称 客户姓名",
    ),
    **_fields(
        Kind.PHONE,
        "phone phonenumber mobile mobilephone mobilenumber cellphone tel telephone contactphone"
        " receiverphone 手机 手机号 手机号码 电话 联系电话",
    ),
    **_fields(Kind.EMAIL, "email emailaddress mail 邮箱 电子邮箱"),
    **_fields(Kind.BIRTHDAY, "birthday birthdate dateofbirth dob 生日 出生日期"),
    **_fields(
        Kind.ADDRESS,
        "address address1 address2 addr street streetaddress postalcode postcode zip zipcode"
        " shippingaddress billingaddress deliveryaddress homeaddress 地址 收货地址 住址",
    ),
    **_fields(
        Kind.ID_NUMBER,
        "idnumber idcard idcardno identitynumber nationalid passport ssn 身份证 身份证号",
    ),
    **_fields(Kind.TEXT, "avatar photo ip ipaddress useragent 头像"),
}
_REMEMBERED = 4096

_SEPARATORS = re.compile(r"[_\-.\s]+")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PERSONAL = re.compile(
    r"(?<!\d)(?:(?:\+|00)?86[-. ]?)?1[3-9]\d[-. ]?\d{4}[-. ]?\d{4}(?!\d)"  # mobile number
    r"|(?<!\d)0\d{2,3}[-. ]\d{7,8}(?!\d)"  # landline
    r"|(?<!\d)[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\d)"
    r"|[^\s@]@[^\s@]+\.[^\s@.]{2,}"  # e-mail
)
_SHORTEST = 6  # a@b.cn
_MAYBE = re.compile(r"[0-9]{4}[-. ]?[0-9]{3}")
_CHINESE_NAME = re.compile(r"[\u4e00-\u9fff]{2,4}")
_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任"
    "卢姚沈钟姜崔谭陆汪范廖石韦贾夏付邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严欧莫"
)
_OF_A_PRODUCT = frozenset({"product_id", "sku", "price", "category", "brand", "quantity"})


def looks_personal(text: str) -> bool:
    """Whether a text holds a phone number, an e-mail address or an identity number."""
    if len(text) < _SHORTEST:
        return False
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    if not _MAYBE.search(text) and "@" not in text:  # most texts end here
        return False
    return _UUID.fullmatch(text) is None and _PERSONAL.search(text) is not None


@lru_cache(_REMEMBERED)
def repeated_looks_personal(text: str) -> bool:
    """`looks_personal` for texts of which there are few: names of events, channels, pages."""
    return looks_personal(text)


class PersonalName(Exception):
    """A field is named by a personal value."""


class Fields(dict[str, Kind | None]):
    """The kind of value that a field of some name holds, if that is personal; remembers answers."""

    def __init__(self, more: dict[str, Kind]) -> None:
        super().__init__()
        self._kinds = {**PERSONAL_FIELDS, **more}

    def __missing__(self, name: str) -> Kind | None:
        if looks_personal(name):
            raise PersonalName
        found = self._kinds.get(_SEPARATORS.sub("", name).lower())
        if len(self) < _REMEMBERED:
            self[name] = found
        return found


TRAITS = Fields({"name": Kind.NAME, "id": Kind.TEXT})
PROPERTIES = Fields({})  # a name there is a product's or a page's


def names_a_person(fields: dict[str, Any]) -> bool:
    """Whether `name` in an event's properties is somebody's, not a product's or a page's."""
    name = fields.get("name")
    if name is None:
        return False
    return (
        isinstance(name, str)
        and name[:1] in _SURNAMES
        and _CHINESE_NAME.fullmatch(name) is not None
        and _OF_A_PRODUCT.isdisjoint(fields)
    )

"""What columns can mean, and the headings they are recognised by. Pure."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from contracts.classification import IDENTIFIER_KINDS, Kind

TRAIT = "trait."  # any other trait of a member: `trait.favourite_team`
_NAMED = re.compile(r"trait\.[a-z][a-z0-9_]{0,62}")
_PUNCTUATION = re.compile(r"[\W_]+")
_REMARK = re.compile(r"[(\[（【][^)\]）】]*[)\]）】]")


@dataclass(frozen=True, slots=True)
class Field:
    """Headings that mean it, without spaces, punctuation and case; its kind if it is personal."""

    headings: tuple[str, ...]
    kind: Kind | None = None


def _field(headings: str, kind: Kind | None = None) -> Field:
    return Field(tuple(headings.split()), kind)


_WHO = {
    Kind.PHONE: _field(
        "手机 手机号 手机号码 会员手机 会员手机号 电话 联系电话 联系方式 phone phonenumber mobile"
        " mobilephone mobilenumber telephone cellphone tel", Kind.PHONE),
    Kind.CARD_NO: _field(
        "会员卡号 卡号 会员卡 实体卡号 cardno card cardnumber membercard membershipnumber",
        Kind.CARD_NO),
    Kind.EMAIL: _field("邮箱 电子邮箱 邮件 email emailaddress mail", Kind.EMAIL),
    Kind.WECHAT_OPENID: _field("openid 微信openid wechatopenid", Kind.WECHAT_OPENID),
    Kind.WECHAT_UNIONID: _field("unionid 微信unionid wechatunionid", Kind.WECHAT_UNIONID),
    Kind.MINIPROGRAM_OPENID: _field("小程序openid miniprogramopenid", Kind.MINIPROGRAM_OPENID),
    Kind.ECOMMERCE_ACCOUNT: _field(
        "电商账号 买家账号 买家昵称 会员名 买家会员名 ecommerceaccount account buyernick buyerid",
        Kind.ECOMMERCE_ACCOUNT),
    Kind.DOUYIN_ID: _field("抖音号 抖音id douyinid douyin", Kind.DOUYIN_ID),
    Kind.EXTERNAL: _field(
        "会员编号 会员号 会员id 客户编号 客户号 用户id memberid customerid customerno memberno"
        " userid externalid rid id", Kind.EXTERNAL),
}  # fmt: skip

_MEMBERS = {
    **{str(kind): field for kind, field in _WHO.items()},
    "name": _field("姓名 会员姓名 客户姓名 名字 name fullname membername customername", Kind.NAME),
    "gender": _field("性别 gender sex"),
    "birthday": _field(
        "生日 出生日期 出生年月日 birthday birthdate dateofbirth dob", Kind.BIRTHDAY),
    "address": _field("地址 详细地址 家庭地址 联系地址 住址 address address1 street", Kind.ADDRESS),
    "province": _field("省 省份 所在省 province state"),
    "city": _field("城市 所在城市 市 city town"),
    "district": _field("区县 区 所在区 所在区县 district county", Kind.ADDRESS),
    "language": _field("语言 language lang"),
    "channel": _field("渠道 来源渠道 注册渠道 开卡渠道 channel"),
}  # fmt: skip
_BUYER = {str(kind): field for kind, field in _WHO.items()}
_ORDERS = {
    **_BUYER,
    "order_no": _field(
        "订单号 订单编号 主订单编号 小票号 小票编号 流水号 交易号 单号 orderno ordernumber orderid"
        " receiptno receiptnumber transactionid"),
    "store": _field("门店 门店编号 门店编码 店铺 店铺名称 店铺编号 store storeid storecode shop"
                    " location"),
    "channel": _field("渠道 销售渠道 订单来源 channel"),
    "paid_at": _field(
        "支付时间 付款时间 订单付款时间 交易时间 销售时间 下单时间 paidat paidtime paymenttime"
        " orderdate createdat transactiontime date"),
    "sku": _field("商品编码 商品编号 货号 条码 商品条码 商家编码 sku skuid skucode lineitemsku"
                  " productid itemcode barcode"),
    "quantity": _field("数量 购买数量 销售数量 宝贝数量 qty quantity lineitemquantity"),
    "price": _field("单价 售价 商品单价 price unitprice lineitemprice"),
    "line_amount": _field("金额 小计 行金额 商品金额 销售金额 lineamount lineamountpaid subtotal"),
    "paid": _field("实付 实付金额 实收金额 订单金额 买家实际支付金额 买家实付金额 支付金额 总额"
                   " paid total amountpaid ordertotal totalamount"),
    "currency": _field("币种 currency"),
}  # fmt: skip
_REFUNDS = {
    "refund_no": _field(
        "退款单号 退款编号 退货单号 退单号 refundno refundid refundnumber returnno"),
    "order_no": _ORDERS["order_no"],
    "amount": _field("退款金额 退货金额 实退金额 金额 refundamount amount refundedamount"),
    "sku": _ORDERS["sku"],
    "quantity": _field("退货数量 退款数量 数量 quantity qty returnedquantity"),
    "reason": _field("退款原因 退货原因 原因 reason refundreason"),
    "currency": _ORDERS["currency"],
}  # fmt: skip
_STOCK = {
    "sku": _ORDERS["sku"],
    "on_hand": _field("库存 库存数量 可用库存 现有库存 实际库存 数量 onhand stock quantity qty"
                      " available inventory"),
}  # fmt: skip
_ENRICHMENT = {
    **_BUYER,
    "spending_power": _field("消费能力 消费力 消费水平 spendingpower purchasingpower"),
    "district_activity": _field("商圈活跃度 商圈活跃 districtactivity areaactivity"),
    "interests": _field("兴趣 兴趣爱好 兴趣偏好 interests interest hobbies"),
    "confidence": _field("置信度 可信度 confidence score"),
    "collected_at": _field("采集时间 更新时间 collectedat updatedat asof"),
    "expires_at": _field("有效期 有效期至 过期时间 到期日 expiresat validuntil expiry"),
}  # fmt: skip

FIELDS: Mapping[str, Mapping[str, Field]] = MappingProxyType(
    {
        "members": _MEMBERS, "orders": _ORDERS, "refunds": _REFUNDS, "stock": _STOCK,
        "enrichment": _ENRICHMENT,
    }
)  # fmt: skip
_ANYBODY = tuple(str(kind) for kind in _WHO)
# What a file has to have: of each group one.
NEEDED: Mapping[str, Sequence[tuple[str, ...]]] = MappingProxyType(
    {
        "members": (_ANYBODY,),
        "orders": (("order_no",), ("paid_at",), ("sku",), ("price", "line_amount", "paid"),
                   ("store",), _ANYBODY),
        "refunds": (("refund_no",), ("order_no",)),
        "stock": (("sku",), ("on_hand",)),
        "enrichment": (_ANYBODY, ("spending_power", "district_activity", "interests", TRAIT)),
    }
)  # fmt: skip
WHO = frozenset(str(kind) for kind in IDENTIFIER_KINDS) & frozenset(_ANYBODY)


def kind_of(kind: str, field: str) -> Kind | None:
    """What a personal field holds; None for one that is not personal."""
    known = FIELDS[kind].get(field)
    return known.kind if known else None


def is_field(kind: str, name: str) -> bool:
    """Whether a file of this kind can have it."""
    return name in FIELDS[kind] or (kind == "enrichment" and _NAMED.fullmatch(name) is not None)


def recognised(kind: str, headings: Sequence[str], said: Mapping[str, str]) -> list[str | None]:
    """The field of each column: as was `said`, else by its heading; no field twice."""
    told = {_plain(heading): field for heading, field in said.items()}
    found: list[str | None] = []
    for heading in map(_plain, headings):
        found.append(told[heading] or None if heading in told else None)
    for place, heading in enumerate(map(_plain, headings)):
        if heading not in told and (field := _by_heading(kind, heading)) not in found:
            found[place] = field
    return found


def missing(kind: str, fields: Sequence[str | None], defaults: Mapping[str, str]) -> list[str]:
    """Groups of which there is none; alternatives are joined by `|`."""
    there = {*fields, *defaults} - {None}
    return [
        "|".join(group)
        for group in NEEDED[kind]
        if there.isdisjoint(group)
        and not (TRAIT in group and any(f and f.startswith(TRAIT) for f in there))
    ]


def _by_heading(kind: str, heading: str) -> str | None:
    for name, field in FIELDS[kind].items():
        if heading in field.headings:
            return name
    return None


def _plain(heading: str) -> str:
    text = unicodedata.normalize("NFKC", heading)
    return _PUNCTUATION.sub("", _REMARK.sub("", text)).lower()

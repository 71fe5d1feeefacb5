"""How much fits: parts of an SMS, fields of WeChat, titles of a push. Pure.

SMS: 70 characters in one message and 67 in each of several (UCS-2, counted in UTF-16 units), 160
and 153 where every character is in the GSM alphabet. Counted is what leaves: the signature that
Chinese carriers demand before the text, and in marketing the way to unsubscribe behind it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

UNSUBSCRIBE = "{unsubscribe}"
NAME, NAME_LENGTH = "{name}", 4  # the longest usual Chinese name
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")  # take two places


@dataclass(frozen=True, slots=True)
class Sms:
    """`signature` by language as it is sent; `link` is how long the gateway's links are."""

    signature: Mapping[str, str]
    link: int
    most_parts: int = 3


@dataclass(frozen=True, slots=True)
class Count:
    """How long an SMS is as it leaves, and into how many parts it is cut."""

    units: int
    parts: int
    encoding: str  # gsm7, ucs2


def count_sms(text: str, language: str, sms: Sms, *, marketing: bool) -> Count:
    """Names and links that are not known yet count for their usual length."""
    tail = {"zh": " 退订：", "en": " Unsubscribe: "}[language] + UNSUBSCRIBE
    if marketing and UNSUBSCRIBE not in text:
        text += tail
    text = text.replace(NAME, "名" * NAME_LENGTH if language == "zh" else "N" * NAME_LENGTH)
    text = sms.signature[language] + text.replace(UNSUBSCRIBE, "x" * sms.link)
    if all(char in _BASIC or char in _EXTENDED for char in text):
        units = len(text) + sum(char in _EXTENDED for char in text)
        return Count(units, 1 if units <= 160 else -(-units // 153), "gsm7")
    units = len(text.encode("utf-16-le")) // 2
    return Count(units, 1 if units <= 70 else -(-units // 67), "ucs2")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a message: how long it may be, and whether it may be left out."""

    most: int
    needed: bool = True


# Ours where a provider sets no limit: what a till's or a phone's screen shows without cutting.
PARTS: dict[str, dict[str, Part]] = {
    "sms": {"text": Part(1_000)},
    "push": {"title": Part(40), "body": Part(120)},
    "email": {"subject": Part(60), "body": Part(8_000)},
    "pos": {"text": Part(60)},
    "call": {"text": Part(600)},
    "wechat": {},
    "miniprogram": {},
}
# Fields of WeChat's template and subscribe messages: the name is the kind and a number.
_FIELD = re.compile(r"(?P<kind>[a-z_]+?)(?P<number>[1-9]\d?)")
_HAN = re.compile(r"[\u3400-\u9fff]")
WECHAT: dict[str, Callable[[str], bool]] = {
    "thing": lambda text: len(text) <= 20,
    "character_string": lambda text: len(text) <= 32 and text.isascii(),
    "number": lambda text: bool(re.fullmatch(r"\d{1,32}(\.\d+)?", text)) and len(text) <= 32,
    "letter": lambda text: bool(re.fullmatch(r"[A-Za-z]{1,32}", text)),
    "symbol": lambda text: len(text) <= 5,
    "phrase": lambda text: len(text) <= 5 and bool(_HAN.fullmatch(text[:1])),
    "amount": lambda text: bool(re.fullmatch(r"[¥$]?\d{1,10}(\.\d{1,2})?元?", text)),
    "time": lambda text: bool(re.search(r"\d{1,2}:\d{2}|\d{4}年|月\d{1,2}日|\d{4}-\d{2}", text)),
    "date": lambda text: bool(re.search(r"\d{4}年|月\d{1,2}日|\d{4}-\d{2}-\d{2}", text)),
    "name": lambda text: len(text) <= (10 if _HAN.search(text) else 20),
    "const": lambda text: len(text) <= 20,
}
MOST_FIELDS = 5  # of a subscribe message; a template message shows no more either


def misshaped(channel: str, parts: Mapping[str, str]) -> list[str]:
    """Which pieces are missing, unknown or too many."""
    if channel in ("wechat", "miniprogram"):
        unknown = [n for n, name in enumerate(parts) if not _kind_of(name)]
        return [f"{len(unknown)} fields of no known kind: {', '.join(WECHAT)}"] * bool(unknown) + [
            f"between 1 and {MOST_FIELDS} fields"
        ] * (not 1 <= len(parts) <= MOST_FIELDS)
    wanted = PARTS[channel]
    missing = [f"{name} is missing" for name in wanted if not parts.get(name)]
    return missing + ["unknown pieces"] * bool(parts.keys() - wanted.keys())


def too_long(
    channel: str, parts: Mapping[str, str], language: str, sms: Sms, *, marketing: bool
) -> list[str]:
    """What does not fit in, as (piece, why) in words."""
    if channel == "sms":
        count = count_sms(parts["text"], language, sms, marketing=marketing)
        if count.parts > sms.most_parts:
            return [f"text: {count.parts} SMS, {sms.most_parts} at most"]
        return []
    if channel in ("wechat", "miniprogram"):
        return [
            f"{name}: does not fit a field of this kind"
            for name, text in parts.items()
            if not WECHAT[_kind_of(name)](_named(text))
        ]
    return [
        f"{name}: longer than {PARTS[channel][name].most} characters"
        for name, text in parts.items()
        if len(_named(text)) > PARTS[channel][name].most
    ]


def _named(text: str) -> str:
    return text.replace(NAME, "名" * NAME_LENGTH).replace(UNSUBSCRIBE, "")


def _kind_of(name: str) -> str:
    """The kind of a WeChat field; empty for none."""
    found = _FIELD.fullmatch(name)
    return found["kind"] if found and found["kind"] in WECHAT else ""

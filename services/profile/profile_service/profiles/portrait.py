"""A member in one sentence, in Chinese and in English: phrases for what is known, in order."""

from collections.abc import Mapping

PHRASES = {
    "zh": (
        ("gender", "{}"),
        ("age_band", "{}岁"),
        ("city", "住在{}"),
        ("lifecycle", "{}"),
        ("orders_in_30_days", "近30天购物{}次"),
        ("favourite_department", "最常买{}"),
        ("preferred_channel", "多在{}购物"),
        ("shopping_time", "多在{}来"),
        ("high_value", "高价值"),
        ("price_sensitive", "喜欢优惠券"),
    ),
    "en": (
        ("gender", "{}"),
        ("age_band", "aged {}"),
        ("city", "lives in {}"),
        ("lifecycle", "{}"),
        ("orders_in_30_days", "{} orders in the last 30 days"),
        ("favourite_department", "buys mostly {}"),
        ("preferred_channel", "prefers {}"),
        ("shopping_time", "shops {}"),
        ("high_value", "spends more than most"),
        ("price_sensitive", "likes coupons"),
    ),
}
WORDS = {
    "zh": {
        "female": "女",
        "male": "男",
        "prospect": "尚未购物",
        "new": "新会员",
        "growing": "成长期会员",
        "mature": "成熟期会员",
        "silent": "沉默会员",
        "lost": "流失会员",
        "pos": "门店",
        "miniprogram": "小程序",
        "ecommerce": "网店",
        "morning": "上午",
        "daytime": "白天",
        "evening": "傍晚",
        "night": "夜里",
    },
    "en": {
        "female": "woman",
        "male": "man",
        "prospect": "has not bought yet",
        "new": "new customer",
        "growing": "growing customer",
        "mature": "long-standing customer",
        "silent": "silent for a while",
        "lost": "not seen for three months",
        "pos": "the store",
        "miniprogram": "the mini-program",
        "ecommerce": "the web shop",
        "morning": "in the morning",
        "daytime": "in the daytime",
        "evening": "in the evening",
        "night": "at night",
    },
}
JOINTS = {"zh": ("，", "。"), "en": (", ", ".")}


def sentence(language: str, known: Mapping[str, object]) -> str:
    """What is `known` (a phrase's name → its value; None and 0 say nothing) as one sentence."""
    comma, stop = JOINTS[language]
    words = WORDS[language]
    phrases = [
        phrase.format(words.get(str(known[name]), known[name]))
        for name, phrase in PHRASES[language]
        if known.get(name)
    ]
    text = comma.join(phrases)
    return text[:1].upper() + text[1:] + stop

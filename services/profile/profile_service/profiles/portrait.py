"""A member in one sentence, in Chinese and in English: phrases for what is known, in order."""

from collections.abc import Mapping

PHRASES = {
    "zh": (
        ("gender", "{}"),
        ("age_band", "{}岁"),
        ("city", "住在{}"),
        ("lifecycle", "{}"),
        ("habit", "{}"),
        ("orders_in_30_days", "近30天购物{}次"),
        ("favourite_department", "最常买{}"),
        ("style", "偏好{}"),
        ("preferred_channel", "多在{}购物"),
        ("shopping_time", "多在{}来"),
        ("high_value", "高价值"),
        ("promotion", "喜欢{}"),
        ("price_sensitive", "喜欢优惠券"),
    ),
    "en": (
        ("gender", "{}"),
        ("age_band", "aged {}"),
        ("city", "lives in {}"),
        ("lifecycle", "{}"),
        ("habit", "{}"),
        ("orders_in_30_days", "{} orders in the last 30 days"),
        ("favourite_department", "buys mostly {}"),
        ("style", "prefers {}"),
        ("preferred_channel", "prefers {}"),
        ("shopping_time", "shops {}"),
        ("high_value", "spends more than most"),
        ("promotion", "likes {}"),
        ("price_sensitive", "likes coupons"),
    ),
}
CITIES = {
    "北京": "Beijing", "上海": "Shanghai", "天津": "Tianjin", "重庆": "Chongqing",
    "广州": "Guangzhou", "深圳": "Shenzhen", "杭州": "Hangzhou", "南京": "Nanjing",
    "苏州": "Suzhou", "成都": "Chengdu", "武汉": "Wuhan", "西安": "Xi'an", "长沙": "Changsha",
    "郑州": "Zhengzhou", "青岛": "Qingdao", "济南": "Jinan", "大连": "Dalian", "沈阳": "Shenyang",
    "哈尔滨": "Harbin", "长春": "Changchun", "厦门": "Xiamen", "福州": "Fuzhou", "合肥": "Hefei",
    "昆明": "Kunming", "南宁": "Nanning", "贵阳": "Guiyang", "南昌": "Nanchang", "太原": "Taiyuan",
    "石家庄": "Shijiazhuang", "兰州": "Lanzhou", "海口": "Haikou", "呼和浩特": "Hohhot",
    "银川": "Yinchuan", "西宁": "Xining", "乌鲁木齐": "Urumqi", "拉萨": "Lhasa", "宁波": "Ningbo",
}  # fmt: skip
PROMOTIONS = ("cash_off", "percent_off", "gift", "free_delivery")  # what members may say they like
OFTEN = ("", "once", "twice", "three times", "four times", "five times")
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
        "organic": "有机食品",
        "brand": "品牌商品",
        "cash_off": "满减",
        "percent_off": "打折",
        "gift": "赠品",
        "free_delivery": "包邮",
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
        "organic": "organic food",
        "brand": "brands",
        "cash_off": "cash-off offers",
        "percent_off": "percentages off",
        "gift": "gifts",
        "free_delivery": "free delivery",
        **CITIES,
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


def habit(department: str, times: int) -> tuple[str, str]:
    """How often something is bought in a month, in Chinese and in English."""
    often = OFTEN[times] if times < len(OFTEN) else f"{times} times"
    return f"每月购买{department}{times}次", f"buys {department} {often} a month"


def known_words(
    language: str, told: Mapping[str, object], month: tuple[str, int] | None, promotion: object
) -> dict[str, object]:
    """What a sentence is made of: `told` by name, what is mostly bought and how often in the last
    30 days (which says more than either alone), and the kind of offers a member likes."""
    words = dict(told)
    if month is not None and month[1]:
        words["habit"] = habit(*month)[0 if language == "zh" else 1]
        words.pop("orders_in_30_days", None)
        words.pop("favourite_department", None)
    if promotion in PROMOTIONS:
        words["promotion"] = promotion
        words.pop("price_sensitive", None)
    return words

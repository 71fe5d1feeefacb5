"""Values as a template takes them: in the member's language and in programme time. Pure."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from campaign_service.triggers.festivals import FESTIVALS
from contracts.templates import Values

_ZONE = ZoneInfo("Asia/Shanghai")


def in_language(values: Values, language: str) -> dict[str, Any]:
    """20 % off is `8折` in Chinese, 15 % off `8.5折`; goods cost what they cost in fen; a festival
    that triggers know is called by its name."""
    given: dict[str, Any] = {
        name: getattr(values, name)
        for name in Values.model_fields
        if name not in ("percent_off", "goods", "days_away")
    }
    given["goods"] = [
        {"title": each.title, "price": each.price.amount if each.price else None,
         "unit": each.unit}
        for each in values.goods
    ]  # fmt: skip
    if values.festival is not None and (known := FESTIVALS.get(values.festival)):
        given["festival"] = known.zh if language == "zh" else known.en
    if values.starts_at is not None:
        given["starts_at"] = in_zone(values.starts_at)
    if values.percent_off is not None:
        given["discount"] = discount(language, values.percent_off)
    if values.days_away is not None:
        given["days_away"] = _days(language, values.days_away)
    return given


def in_zone(moment: datetime) -> datetime:
    """In programme time, as members read it."""
    return moment.astimezone(_ZONE)


def discount(language: str, percent_off: int) -> str:
    """What is off, as each language says it."""
    if language == "zh":
        return f"{(100 - percent_off) / 10:g}折"
    return f"{percent_off}% off"


def _days(language: str, count: int) -> str:
    if language == "zh":
        return f"{count}天"
    return "a day" if count == 1 else f"{count} days"

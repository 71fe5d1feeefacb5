"""What a scenario fixes for every campaign of its kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.templates import Channel


@dataclass(frozen=True, slots=True)
class Playbook:
    """Its channels, and its own texts and audience for plans that bring none.

    `audience` as contracts' `Audience`; None: the plan has to name segments. Variables of texts:
    templates/domain.py.
    """

    channels: tuple[Channel, ...]
    audience: Mapping[str, Any] | None
    text_zh: str
    text_en: str

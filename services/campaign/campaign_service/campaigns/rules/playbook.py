"""What a scenario fixes for every campaign of its kind."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Playbook:
    """Its channel, and its own texts for plans that bring none (variables: templates/domain.py)."""

    channel: str
    text_zh: str
    text_en: str

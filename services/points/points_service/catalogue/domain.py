"""What is known of an article."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Goods:
    """Where an article belongs; None where nobody said."""

    department: str | None = None
    category: str | None = None
    brand: str | None = None

"""Who is a child. Pure."""

from datetime import date

ADULT_AT = 14  # the law asks for a guardian below this age


def child_until(born: date) -> date:
    """From this day on a member counts as grown up: the month of the birthday is over.

    Only year and month matter, so that the day of birth need not be kept.
    """
    month = born.month % 12 + 1
    return date(born.year + ADULT_AT + born.month // 12, month, 1)

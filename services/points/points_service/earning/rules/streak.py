"""`streak`: every `at_least` days in a row, once.

A late act may close a gap and join two runs. Counting the full rounds that it adds, and not the
place of its day, makes the sum the same in whatever sequence the days arrive.
"""

from points_service.earning.rules.rule import Condition, Deed


def holds(condition: Condition, deed: Deed) -> bool:
    """Whether this day completes one more round."""
    days, run = condition.at_least or 1, deed.streak
    return (run.before + 1 + run.after) // days > run.before // days + run.after // days

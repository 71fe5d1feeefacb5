"""What must never be wrong, counted: checks of each invariant, and how many of them failed."""

from collections import Counter
from types import TracebackType
from typing import Self


class Tally:
    """`with Tally() as tally:` counts, by invariant, and at the end prints a line for each.

    Leaving the block fails where there is a violation. All lines stand once more at the end of the
    test run.
    """

    def __init__(self) -> None:
        self.checks: Counter[str] = Counter()
        self.violations: Counter[str] = Counter()

    def add(self, invariant: str, checks: int = 1, violations: int = 0) -> None:
        """Count; nothing is raised here."""
        self.checks[invariant] += checks
        self.violations[invariant] += violations

    def lines(self) -> list[str]:
        """One line an invariant."""
        return [
            f"never wrong: {name}: {checks:,} checks, {self.violations[name]:,} violations"
            for name, checks in self.checks.items()
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trail: TracebackType | None,
    ) -> None:
        print("", *self.lines(), sep="\n")  # noqa: T201 - shown by -s
        for name, checks in self.checks.items():
            SESSION.add(name, checks, self.violations[name])
        if error is None:
            wrong = dict(+self.violations)
            assert not wrong, f"violated: {wrong}"


SESSION = Tally()

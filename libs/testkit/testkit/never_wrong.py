"""What must never be wrong, counted: checks of each invariant, and how many of them failed."""

from collections import Counter
from types import TracebackType
from typing import Any, Self

import pytest

_COUNTED = "never wrong"


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


class Gathering:
    """A plugin of pytest: shows at the end what was counted, by other processes of the run too."""

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A process that works for another hands over its counts."""
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[_COUNTED] = [dict(SESSION.checks), dict(SESSION.violations)]

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """One of them has ended."""
        for ours, theirs in zip(
            (SESSION.checks, SESSION.violations),
            getattr(node, "workeroutput", {}).get(_COUNTED, ()),
            strict=False,
        ):
            ours.update(theirs)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """A line an invariant."""
        if lines := SESSION.lines():
            terminalreporter.section("never wrong")
            for line in lines:
                terminalreporter.line(line)

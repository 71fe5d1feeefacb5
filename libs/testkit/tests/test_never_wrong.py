"""Counting what must never be wrong."""

import pytest

from testkit import never_wrong
from testkit.never_wrong import Tally


@pytest.fixture(autouse=True)
def _apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """These counts are not the session's."""
    monkeypatch.setattr(never_wrong, "SESSION", Tally())


def test_lines_are_printed_and_kept_for_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    with Tally() as tally:
        tally.add("balance", 1200)
        tally.add("balance")
    assert capsys.readouterr().out == "\nnever wrong: balance: 1,201 checks, 0 violations\n"
    assert never_wrong.SESSION.lines() == tally.lines()


def test_a_violation_fails() -> None:
    with pytest.raises(AssertionError, match="balance"), Tally() as tally:
        tally.add("balance", 3, violations=1)
    assert never_wrong.SESSION.violations["balance"] == 1


def test_what_fails_first_is_what_is_seen() -> None:
    with pytest.raises(ZeroDivisionError), Tally() as tally:
        tally.add("balance", violations=1)
        _ = 1 / 0

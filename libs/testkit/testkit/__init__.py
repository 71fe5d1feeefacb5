"""Test support: real servers, running apps, a driven clock, callers, and the one way to wait."""

from testkit.callers import together
from testkit.waiting import eventually

__all__ = ["eventually", "together"]

"""Test support: real servers, running apps, a driven clock, and the one way to wait."""

from testkit.waiting import eventually

__all__ = ["eventually"]

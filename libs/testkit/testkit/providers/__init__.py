"""Doubles of the providers that carry messages: real servers that check, limit, fail and report."""

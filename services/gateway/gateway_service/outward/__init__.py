"""Calls to addresses that somebody else chose: which are allowed, and how they are made."""

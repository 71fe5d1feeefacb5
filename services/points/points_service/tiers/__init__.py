"""Ladders: where a member stands and what it takes to climb."""

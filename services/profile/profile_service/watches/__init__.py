"""Behaviour that somebody waits for is told at once: events of some names, goods back in stock."""

"""Declared schemas of collected events."""

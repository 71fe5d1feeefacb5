"""Faults of the running platform: what was acknowledged stays."""

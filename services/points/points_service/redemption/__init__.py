"""Spending points."""

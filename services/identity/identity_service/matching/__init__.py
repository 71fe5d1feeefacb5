"""Likeness: which records are one person's, seen from match keys alone."""

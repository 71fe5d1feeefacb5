"""The rules in plain words, by version."""

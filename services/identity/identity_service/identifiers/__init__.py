"""Whose is this identifier, and which does a member have."""

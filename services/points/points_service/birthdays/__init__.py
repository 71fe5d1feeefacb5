"""Birthdays as the gateway announces them, one a member and year."""

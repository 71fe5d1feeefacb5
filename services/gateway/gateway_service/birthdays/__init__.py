"""Whose birthday is on which day: kept as a keyed index, told to others only for that day."""

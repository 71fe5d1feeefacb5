"""Stores that keep collecting while their link is cut: what they kept is taken in here."""

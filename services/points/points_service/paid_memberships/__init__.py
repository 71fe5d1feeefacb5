"""Memberships with a yearly fee."""

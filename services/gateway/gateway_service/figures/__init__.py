"""Counts and sums over members for those who may see groups only, and no one in them."""

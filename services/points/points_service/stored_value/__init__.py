"""Money paid in ahead."""

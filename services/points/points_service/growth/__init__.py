"""Growth value: where it came from."""

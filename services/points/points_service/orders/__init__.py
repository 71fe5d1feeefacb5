"""Orders: one code path for one and for a thousand."""

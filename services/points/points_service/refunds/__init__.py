"""Orders given back, in part or whole."""

"""Points for a partner's units, and back."""

"""Who brought whom, and what is suspicious about it."""

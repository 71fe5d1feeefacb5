"""Members: joining, reading, correcting, counting."""

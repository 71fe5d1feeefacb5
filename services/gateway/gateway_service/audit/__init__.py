"""Plain reads, written down before they are answered."""

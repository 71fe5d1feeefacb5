"""Tasks: an act so many times within a period; badges."""

"""Tasks: an act or purchases so many times within a period, or so much spent; badges."""

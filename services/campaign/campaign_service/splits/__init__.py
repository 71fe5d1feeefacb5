"""Identity takes a merge back: what was about an id before is about it again."""

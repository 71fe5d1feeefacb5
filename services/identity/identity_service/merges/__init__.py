"""Two members who are one person become one, with lineage."""

"""Which campaigns run when, and where they meet the same members."""

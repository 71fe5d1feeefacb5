"""By which channels a member may be written to, and can be: as the other services tell."""

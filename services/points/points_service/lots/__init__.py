"""Points earned at one time, and where they went."""

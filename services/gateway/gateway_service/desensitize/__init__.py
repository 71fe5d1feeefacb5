"""Who sees what of a personal value: the policy table, the masks, and the walk through answers."""

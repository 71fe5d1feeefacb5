"""Plan → approve → launch → finish: the workflow of a campaign."""

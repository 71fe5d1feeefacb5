"""What an experiment showed: effect, bounds, who is worth contacting; or why it cannot be told."""

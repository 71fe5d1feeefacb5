"""The audit: entries in hash-chained lanes, signed hourly, which nobody can change unseen."""

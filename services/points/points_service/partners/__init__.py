"""Partner programmes as data."""

"""Taking a merge back, exactly."""

"""Members as points knows them: standing, merges, locks."""

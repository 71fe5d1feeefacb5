"""Learning from behaviour which identifiers are one person's."""

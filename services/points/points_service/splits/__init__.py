"""A merge is taken back: points, growth and everything else return to whose they were."""

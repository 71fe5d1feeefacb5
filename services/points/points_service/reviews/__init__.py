"""The monthly re-evaluation of tiers."""

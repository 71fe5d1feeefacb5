"""A channel is a plug-in: one file a provider, one line in `registry.py`, one shared test."""

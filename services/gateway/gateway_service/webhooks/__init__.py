"""Webhooks of partners: what happened, posted to the addresses they registered."""

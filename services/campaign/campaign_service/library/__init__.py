"""Campaigns that ship ready: one file each, in `entries`."""

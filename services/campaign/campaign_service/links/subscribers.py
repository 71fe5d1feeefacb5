"""What links hear."""

from campaign_service.links import use_cases

on_merged = use_cases.follow_merges

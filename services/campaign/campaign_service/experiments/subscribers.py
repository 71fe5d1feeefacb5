"""What experiments hear."""

from campaign_service.experiments import use_cases

on_merged = use_cases.follow_merges

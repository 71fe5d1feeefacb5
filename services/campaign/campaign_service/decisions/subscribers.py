"""What decisions hear."""

from campaign_service.decisions import use_cases

on_merged = use_cases.follow_merges

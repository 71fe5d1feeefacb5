"""What deliveries hear."""

from campaign_service.deliveries import use_cases

on_merged = use_cases.follow_merges
on_sent = use_cases.record_answers
on_reported = use_cases.record_reports

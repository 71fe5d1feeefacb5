"""What measurement hears."""

from campaign_service.measurement import use_cases

on_orders = use_cases.note_orders
on_merged = use_cases.follow_merges

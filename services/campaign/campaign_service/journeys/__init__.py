"""Journeys: members step by step through a graph, under a campaign; state is rows, time is due."""

"""Behaviour by the Segment HTTP API: checked, sealed, and durable in JetStream when answered."""

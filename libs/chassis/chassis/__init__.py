"""All IO plumbing, once: settings, clock, database, outbox, bus, jobs, HTTP edges, telemetry."""

"""The way from here to a provider: queue, rate, breaker, receipts, dead letters."""

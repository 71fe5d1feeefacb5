"""Development only: the clock, the sandbox's outbox, and waiting until nothing is under way."""

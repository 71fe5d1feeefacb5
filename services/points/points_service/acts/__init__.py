"""What members do besides buying: checking in, sharing, recycling, answering."""

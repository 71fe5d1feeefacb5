"""What members agreed to: the chain of their answers, how each purpose stands, the notices."""

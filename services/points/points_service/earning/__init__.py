"""What an order earns: points and growth, by rules."""

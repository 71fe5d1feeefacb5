"""Who owes whom for a month."""

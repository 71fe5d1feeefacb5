"""Message texts: their variables and their limits."""

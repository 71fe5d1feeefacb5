"""How long data is kept, in every service, and the register of processing."""

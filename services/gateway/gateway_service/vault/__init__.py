"""Keys, sealing and blind indexes: the only code that turns personal values into tokens."""

"""Messages on their way out: the last consent check, the address opened at the last moment."""

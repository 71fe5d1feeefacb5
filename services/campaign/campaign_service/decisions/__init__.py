"""Whether a member gets a message: one pipeline of checks for every message, each recorded."""

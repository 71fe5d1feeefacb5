"""Who may call what: clients, tokens, roles, write keys, rate limits."""

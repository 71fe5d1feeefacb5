"""Tasks that count purchases: what counts, what refunds take from it, what is due then."""

"""Links of messages: one hop to where they lead, counted where a person follows them."""

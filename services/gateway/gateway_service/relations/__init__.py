"""What the gateway knows of members in order to decide: their stores, and who is a child."""

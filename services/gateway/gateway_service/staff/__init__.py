"""People who work with the platform: accounts, sign-in, the second factor."""

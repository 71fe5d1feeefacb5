"""A service of one table, for the chassis' own tests."""

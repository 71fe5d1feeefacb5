"""Members by the last four characters of a phone or card number: an index apart from the whole."""

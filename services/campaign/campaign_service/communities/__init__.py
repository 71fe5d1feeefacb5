"""Members who share an interest, and those whom others follow."""

"""Members who may be one person: found by likeness, decided by people."""

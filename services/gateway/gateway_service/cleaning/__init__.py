"""What is told about people, repaired before it is sealed; each correction is recorded."""

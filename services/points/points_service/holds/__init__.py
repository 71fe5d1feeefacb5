"""Points set aside: open, then posted, voided or expired, once."""

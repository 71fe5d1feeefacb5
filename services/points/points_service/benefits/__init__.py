"""Benefits: the catalogue, what tiers are entitled to, uses, applications, worth."""

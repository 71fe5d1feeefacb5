"""A member's points, growth and tier as the API shows them, and the programme in figures."""

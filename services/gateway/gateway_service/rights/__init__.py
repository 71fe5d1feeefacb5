"""What members may ask of whoever holds their data, by the clock, answered by every service."""

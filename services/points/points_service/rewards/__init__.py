"""What points are exchanged for."""

"""What members may ask: what profile holds of them, that it goes, that nothing is drawn from it."""

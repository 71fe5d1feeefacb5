"""What members may ask: what campaign holds of them, that it goes, that no machine picks them."""

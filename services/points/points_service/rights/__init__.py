"""What members may ask: what points holds of them, and what stays of it in the books."""

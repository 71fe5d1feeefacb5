"""What members may ask: what identity holds of them, and what becomes of it when they go."""

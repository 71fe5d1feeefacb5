"""Articles and shops that exist, as profile tells them."""

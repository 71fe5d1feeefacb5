"""Why figures moved, what is bought together, and what is to be expected."""

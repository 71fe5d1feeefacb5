"""A second person's yes before a child's data are read in the clear."""

"""A store that collects by itself, and the centre's end of its link."""

"""One price for what several partners give."""

"""How points go: policies, what a midnight takes, what is announced before."""

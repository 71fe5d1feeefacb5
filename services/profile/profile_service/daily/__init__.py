"""What is told of everybody once a day, in sums."""

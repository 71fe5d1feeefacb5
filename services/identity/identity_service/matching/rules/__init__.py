"""What is compared, how records are brought together, what each kind of identifier may prove."""

"""What signed books look like, so that a proof can be checked with the public key alone."""

"""What advertising law lets nobody say: where it stands, how bad it is, what to say instead."""

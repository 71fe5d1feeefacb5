"""Tamper evidence for books in hash-chained lanes: signed Merkle checkpoints and their proof.

A service with such books has the tables `lane` and `checkpoint`, a `Books`, and a `Strongbox`.
"""

"""Tamper evidence: the chain of entries, signed Merkle checkpoints, receipts, and the audit."""

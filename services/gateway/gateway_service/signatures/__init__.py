"""Requests that partners sign (RFC 9421): their keys, what a signature must cover, used nonces."""

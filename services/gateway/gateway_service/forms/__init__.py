"""Surveys, votes and invitations as pages: without signing in, without scripts, readable aloud."""

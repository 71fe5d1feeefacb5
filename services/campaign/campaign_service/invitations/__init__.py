"""Invitations that members make themselves: a page of their own to share, and who comes by it."""

"""The way through: match, authorise, seal, forward, open, answer. Plain ASGI, because it is hot."""

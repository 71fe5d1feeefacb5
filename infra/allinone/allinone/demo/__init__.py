"""`huiyuan demo`: a year of a real supermarket, played through the gateway's public API."""

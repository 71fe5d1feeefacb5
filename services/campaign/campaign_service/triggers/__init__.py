"""When members are asked about: what happens, what does not happen in time, and days."""

"""Pure data shared by every service: API models, bus events, data classes, the operation table."""

"""Members that turn out to be one."""

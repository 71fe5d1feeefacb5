"""Security incidents: whom one concerns, found table by table, and the notices."""

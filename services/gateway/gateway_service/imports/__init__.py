"""Files taken in: each row goes the way that tills and partners go, many at a time."""

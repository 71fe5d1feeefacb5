"""What members come to: places and waiting lists, the door, votes."""

"""What members do with messages: tracked links, and that a message was opened."""

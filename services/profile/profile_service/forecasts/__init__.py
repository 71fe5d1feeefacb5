"""Models on the platform's own data: the event lake, trainings, what they say about members."""

"""What a campaign may be expected to bring, from what campaigns like it brought."""

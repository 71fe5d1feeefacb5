"""What a link leads to: a survey, a vote, an invitation, for the gateway to make a page of."""

"""How was it: invitations after purchase or service, answers, NPS and satisfaction."""

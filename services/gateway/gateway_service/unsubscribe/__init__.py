"""One tap and no sign-in: the link in every marketing message that takes its consent back."""

"""What campaigns' offers may cost: set aside at approval, given back at the end."""

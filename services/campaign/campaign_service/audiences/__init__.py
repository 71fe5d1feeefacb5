"""Who a campaign is for: members as events tell them, and the conditions on them."""

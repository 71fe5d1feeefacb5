"""What a cart costs: tier price, coupons, points."""

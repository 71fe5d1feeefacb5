"""Messages on their way: held, released with their coupon, answered by the gateway."""

"""Coupons that campaigns offer and orders redeem."""

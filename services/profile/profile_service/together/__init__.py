"""Goods that are bought together: for analysts, and beside a basket."""

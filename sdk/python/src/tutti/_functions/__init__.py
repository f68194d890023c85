"""Durable functions: what runs them."""

"""Durable functions: their runner."""

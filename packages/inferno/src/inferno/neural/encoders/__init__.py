"""Encoders; import them from `neural`."""

"""Connections; import them from `neural`."""

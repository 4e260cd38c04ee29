"""Synapse models; import them from `neural`."""

"""Plasticity rules; import them from `inferno.learn`."""

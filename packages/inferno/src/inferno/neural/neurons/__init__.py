"""Neuron models; import them from `neural`."""

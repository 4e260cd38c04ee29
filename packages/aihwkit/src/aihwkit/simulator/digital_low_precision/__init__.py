"""Uniform quantisation of digital weights and activations, with ranges from data or learned."""

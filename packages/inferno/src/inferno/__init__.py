"""Spiking neural networks for PyTorch, simulated step by step and trained with plasticity, delays included."""

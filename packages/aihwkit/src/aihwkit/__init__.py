"""Analog in-memory computing for PyTorch: crossbar tiles with noisy reads, pulsed device updates and drift."""

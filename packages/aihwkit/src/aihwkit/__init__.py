"""Analog in-memory computing: crossbar tiles with noisy reads, pulsed updates and drift."""

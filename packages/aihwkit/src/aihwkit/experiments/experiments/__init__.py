"""Experiments; see the modules."""

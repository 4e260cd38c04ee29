"""Analog recurrent networks."""

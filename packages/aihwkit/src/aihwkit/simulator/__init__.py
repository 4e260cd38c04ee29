"""Simulation of analog hardware: configurations, parameters, tiles."""

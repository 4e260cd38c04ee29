"""Compensations of drift; see the modules."""

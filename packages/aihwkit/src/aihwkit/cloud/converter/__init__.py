"""Converters of the retired service."""

"""Reducers, one module a family; import them from ``inferno.observe``."""

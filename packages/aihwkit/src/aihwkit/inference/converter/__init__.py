"""Mappings between weights and conductances; see the modules."""

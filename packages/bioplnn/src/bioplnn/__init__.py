"""Recurrent networks with biology in them for PyTorch.

Dale's law, cell types, spatially embedded areas, measured connectomes.
"""

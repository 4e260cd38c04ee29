"""Recurrent networks with biology in them for PyTorch.

Dale's law, cell types, spatially embedded areas, measured connectomes.
"""

from synaptensor.distribution import installed_version

__all__ = ["__version__"]

__version__ = installed_version("bioplnn")

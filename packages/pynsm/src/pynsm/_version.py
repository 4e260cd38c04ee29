"""Version of the installed distribution."""

from synaptensor.distribution import installed_version

__all__ = ["__version__"]

__version__ = installed_version("pynsm")

"""The version of the installed distribution."""

from synaptensor.distribution import installed_version

__version__: str = installed_version("aihwkit")

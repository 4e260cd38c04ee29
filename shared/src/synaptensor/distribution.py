"""What is known of an installed distribution."""

from importlib.metadata import PackageNotFoundError, version

__all__ = ["installed_version"]


def installed_version(distribution: str) -> str:
    """Return the version of an installed distribution.

    A source tree that is on the path without being installed has none, and importing it must
    work all the same: it gets ``"0+unknown"``.
    """
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "0+unknown"

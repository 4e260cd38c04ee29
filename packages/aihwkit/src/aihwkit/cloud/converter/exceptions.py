"""Errors of the converters of the retired service."""

from aihwkit.exceptions import CloudError

__all__ = ["ConversionError"]


class ConversionError(CloudError):
    """An experiment that the retired service did not know."""

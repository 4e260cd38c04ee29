"""Names of the retired service."""

from aihwkit.cloud.retired import RetiredService

__all__ = ["BasicInferencingConverter", "BasicInferencingResultConverter"]


class BasicInferencingConverter(RetiredService):
    """Part of the retired service."""


class BasicInferencingResultConverter(RetiredService):
    """Part of the retired service."""

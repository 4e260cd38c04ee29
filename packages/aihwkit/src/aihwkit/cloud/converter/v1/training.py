"""Names of the retired service."""

from aihwkit.cloud.retired import RetiredService

__all__ = ["BasicTrainingConverter", "BasicTrainingResultConverter"]


class BasicTrainingConverter(RetiredService):
    """Part of the retired service."""


class BasicTrainingResultConverter(RetiredService):
    """Part of the retired service."""

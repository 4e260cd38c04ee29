"""Names of the retired service."""

from aihwkit.cloud.retired import RetiredService

__all__ = ["ExperimentParser", "GeneralParser"]


class ExperimentParser(RetiredService):
    """Part of the retired service."""


class GeneralParser(RetiredService):
    """Part of the retired service."""

"""Names of the retired service."""

from aihwkit.cloud.retired import RetiredService

__all__ = ["CloudExperiment", "CloudJob"]


class CloudExperiment(RetiredService):
    """Part of the retired service."""


class CloudJob(RetiredService):
    """Part of the retired service."""

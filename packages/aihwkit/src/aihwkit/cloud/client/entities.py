"""Names of the retired service."""

from enum import Enum

from aihwkit.cloud.retired import RetiredService

__all__ = ["CloudExperiment", "CloudExperimentCategory", "CloudJob", "CloudJobStatus"]


class CloudJobStatus(Enum):
    """States of a job in records of the retired service."""

    UNKNOWN = 0
    WAITING = 1
    RUNNING = 2
    COMPLETED = 3
    FAILED = 4


class CloudExperimentCategory(Enum):
    """Kinds of experiments in records of the retired service."""

    BASIC_TRAINING = 1
    BASIC_INFERENCE = 2


class CloudExperiment(RetiredService):
    """Part of the retired service."""


class CloudJob(RetiredService):
    """Part of the retired service."""

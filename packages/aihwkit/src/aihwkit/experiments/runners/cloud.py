"""Runners of the retired cloud service."""

from aihwkit.cloud.retired import RetiredService

__all__ = ["CloudRunner", "InferenceCloudRunner"]


class CloudRunner(RetiredService):
    """Ran training on the retired service; use `LocalRunner`."""


class InferenceCloudRunner(RetiredService):
    """Ran inference on the retired service; use `InferenceLocalRunner`."""

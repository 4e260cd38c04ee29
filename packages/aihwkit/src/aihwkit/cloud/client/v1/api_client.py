"""Names of the retired service."""

from aihwkit.cloud.retired import RetiredService

__all__ = ["ApiClient", "InferenceApiClient"]


class ApiClient(RetiredService):
    """Part of the retired service."""


class InferenceApiClient(RetiredService):
    """Part of the retired service."""

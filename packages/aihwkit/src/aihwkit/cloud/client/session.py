"""Names of the retired service."""

from aihwkit.cloud.retired import RetiredService

__all__ = ["ApiSession", "ObjectStorageSession"]


class ApiSession(RetiredService):
    """Part of the retired service."""


class ObjectStorageSession(RetiredService):
    """Part of the retired service."""

"""Names of the retired service."""

from aihwkit.cloud.retired import RetiredService

__all__ = ["ApiStub"]


class ApiStub(RetiredService):
    """Part of the retired service."""

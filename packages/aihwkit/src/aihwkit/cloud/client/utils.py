"""Names of the retired service."""

from aihwkit.cloud.retired import RetiredService

__all__ = ["ClientConfiguration"]


class ClientConfiguration(RetiredService):
    """Part of the retired service."""

"""Names of the retired cloud service; using one says so."""

from aihwkit.cloud.retired import RetiredService

__all__ = ["RetiredService"]

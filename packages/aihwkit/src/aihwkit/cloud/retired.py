"""The one message about the retired service."""

from typing import Any

from aihwkit.exceptions import CloudError

__all__ = ["RetiredService"]


class RetiredService:
    """Something that needed the AIHW Composer service.

    Raises:
        CloudError: always.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise CloudError(
            f"{type(self).__name__} needs the AIHW Composer service, which is retired; run "
            "experiments with LocalRunner or InferenceLocalRunner of aihwkit.experiments.runners"
        )

"""Errors of the retired service."""

from aihwkit.exceptions import CloudError

__all__ = [
    "ApiResponseError",
    "CredentialsError",
    "ExperimentStatusError",
    "InvalidResponseFieldError",
    "ResponseError",
]


class ResponseError(CloudError):
    """An answer with an error."""


class ApiResponseError(CloudError):
    """An answer of the interface with an error."""


class InvalidResponseFieldError(CloudError):
    """An answer with an unknown field."""


class ExperimentStatusError(CloudError):
    """An experiment that is not in the right state."""


class CredentialsError(CloudError):
    """Missing or wrong credentials."""

"""Exceptions of the package.

Every class also derives from the built-in exception that a caller without knowledge of this
package would catch, so `except RuntimeError` around the creation of a tile keeps working.
"""

__all__ = [
    "AihwkitException",
    "AnalogBiasConfigError",
    "ArgumentError",
    "CloudError",
    "ConfigError",
    "CudaError",
    "FusionExportError",
    "MissingBiasError",
    "ModuleError",
    "TileError",
    "TileModuleError",
    "TorchTileConfigError",
]


class AihwkitException(Exception):  # noqa: N818 - the name is part of the interface
    """Base of all errors raised on purpose by the package."""


class ModuleError(AihwkitException, RuntimeError):
    """An analog layer or container was used in a way it does not support."""


class TileError(AihwkitException, RuntimeError):
    """A tile was used in a way it does not support."""


class TileModuleError(TileError):
    """The module part of a tile (state, configuration, device) was used wrongly."""


class ArgumentError(AihwkitException, ValueError):
    """An argument has a value that the called function does not know."""


class MissingBiasError(ArgumentError, RuntimeError):
    """A tile that stores its bias on the crossbar was given weights without a bias."""


class CudaError(AihwkitException, RuntimeError):
    """An accelerator was asked for that is not there."""


class ConfigError(AihwkitException, RuntimeError):
    """A configuration is inconsistent, misspelt, or not supported by the tile it is meant for."""


class AnalogBiasConfigError(ConfigError):
    """The tile supports digital biases only."""


class TorchTileConfigError(ConfigError):
    """The torch tile does not support a requested non-ideality."""


class CloudError(AihwkitException):
    """An exchange with an external service failed."""


class FusionExportError(CloudError):
    """A model cannot be exported to the fusion chip format."""

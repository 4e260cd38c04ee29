"""The import gate for optional dependencies."""

import importlib
import importlib.util
from types import ModuleType

__all__ = ["is_installed", "require"]


def is_installed(module: str) -> bool:
    """Whether `module` could be imported, without importing it."""
    try:
        return importlib.util.find_spec(module) is not None
    except (ModuleNotFoundError, ValueError):
        return False


def require(module: str, extra: str, package: str) -> ModuleType:
    """Import and return an optional module, or say what to install.

    Only the absence of the module itself is reported this way: an installed module that
    fails while importing raises its own error.

    Args:
        module: Dotted name of the module, for example ``"matplotlib.pyplot"``.
        extra: Extra of `package` that brings it.
        package: Distribution that asks for it.

    Raises:
        ImportError: If the module is not installed; the message names the extra.

    Example:
        >>> math = require("math", extra="plot", package="inferno")
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        root = module.partition(".")[0]
        if error.name is None or error.name.partition(".")[0] != root:
            raise
        raise ImportError(
            f"{package} needs '{module}' for this and it is not installed: "
            f"pip install {package}[{extra}]",
            name=error.name,
        ) from error

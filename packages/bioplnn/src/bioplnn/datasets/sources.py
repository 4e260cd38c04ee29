"""Files that data sets need, with errors that say what to do where they are missing."""

from __future__ import annotations

import os
from pathlib import Path


def existing(path: str | os.PathLike, hint: str) -> Path:
    """Return the path of a file or folder that must be there.

    Args:
        path: The file or folder.
        hint: What to do if it is not.

    Raises:
        FileNotFoundError: It is not there.
    """
    found = Path(path)
    if not found.exists():
        raise FileNotFoundError(f"no such file or folder: {found}; {hint}")
    return found

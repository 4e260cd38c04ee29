"""Files that data sets need, with errors that say what to do where they are missing."""

from __future__ import annotations

import os
from pathlib import Path

from synaptensor.validation import check_instance


class MissingDataError(FileNotFoundError, ValueError):
    """A file or folder of a data set is not there.

    Some data sets of the reference report this as a wrong value, so it is one, too.
    """


def existing(path: str | os.PathLike, hint: str) -> Path:
    """Return the path of a file or folder that must be there.

    Args:
        path: The file or folder.
        hint: What to do if it is not.

    Raises:
        MissingDataError: It is not there.
    """
    found = Path(check_instance("path", path, str | os.PathLike))
    if not found.exists():
        raise MissingDataError(f"no such file or folder: {found}; {hint}")
    return found

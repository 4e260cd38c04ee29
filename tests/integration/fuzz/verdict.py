"""What an error tells the user: refused by the package, or a slip that came through."""

import dis
import traceback
from pathlib import Path

__all__ = ["judge"]

ROOT = Path(__file__).parents[3]
_OWN = (str(ROOT / "packages"), str(ROOT / "shared"))
PACKAGES = ("synaptensor", "pynsm", "bioplnn", "inferno", "aihwkit")
_REFUSALS = (ValueError, TypeError, RuntimeError, NotImplementedError, OSError, ImportError)


def _is_own(error: BaseException) -> bool:
    """Whether a package made this class of errors itself; every such class is documented."""
    return type(error).__module__.split(".")[0] in PACKAGES


def judge(error: BaseException, call: object) -> str | None:
    """`None` if a package refused the call by a raise of its own; otherwise where it slipped."""
    frames = list(traceback.walk_tb(error.__traceback__))
    if isinstance(error, TypeError) and "argument" in str(error) and "__init__()" in str(error):
        return None  # Python names the argument that is missing or unknown
    own = [(f, line) for f, line in frames if f.f_code.co_filename.startswith(_OWN)]
    if not own:
        return None  # a missing argument, or a constructor inherited from torch or Python
    last, line = own[-1]
    tb = error.__traceback__
    while tb.tb_next is not None:
        tb = tb.tb_next
    explicit = (
        tb.tb_frame is last and last.f_code.co_code[tb.tb_lasti] == dis.opmap["RAISE_VARARGS"]
    )
    documented = type(error).__name__ in (getattr(call, "__doc__", None) or "")
    if explicit and str(error) and (isinstance(error, _REFUSALS) or documented or _is_own(error)):
        return None
    if isinstance(error, OSError) and str(error):
        return None
    place = Path(last.f_code.co_filename).relative_to(ROOT)
    message = " ".join(str(error).split())[:150]
    return f"{type(error).__name__} at {place}:{line}: {message}"

"""Peak memory of one call."""

import ctypes
import gc
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

__all__ = ["peak_memory"]

_STATUS = Path("/proc/self/status")
_CLEAR_REFS = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"


def peak_memory(fn: Callable[[], Any], device: torch.device | str = "cpu") -> int | None:
    """Return how many bytes a call of `fn` needs above what was in use before it.

    On CUDA this is what torch's allocator handed out. On the CPU it is the growth of the
    resident memory of the process, numba and numpy included, which only Linux can measure
    for one call; elsewhere, and on other devices, the result is `None`.

    Args:
        fn: Called once.
        device: Device whose memory is watched.
    """
    place = torch.device(device)
    gc.collect()
    if place.type == "cuda":
        torch.cuda.synchronize(place)
        torch.cuda.reset_peak_memory_stats(place)
        before = torch.cuda.memory_allocated(place)
        fn()
        torch.cuda.synchronize(place)
        return torch.cuda.max_memory_allocated(place) - before
    if place.type != "cpu" or not _reset_peak():
        fn()
        return None
    before = _read("VmRSS")
    fn()
    return max(_read("VmHWM") - before, 0)


def _reset_peak() -> bool:
    if not sys.platform.startswith("linux"):
        return False
    # Freed blocks that the C library keeps would hide what the call needs.
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
    try:
        _CLEAR_REFS.write_text(_RESET_PEAK)
    except OSError:
        return False
    return True


def _read(field: str) -> int:
    for line in _STATUS.read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"{_STATUS} has no field {field!r}")

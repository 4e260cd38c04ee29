"""Compiled loops on several threads, as many as torch uses."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch

__all__ = ["in_parts"]

# Below this many elementary steps a thread costs more time than it saves.
_SMALLEST_WORK = 1 << 18

_pools: dict[int, ThreadPoolExecutor] = {}


def _pool() -> ThreadPoolExecutor:
    # Threads do not survive a fork, so each process has a pool of its own.
    process = os.getpid()
    if process not in _pools:
        _pools.clear()
        _pools[process] = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="aihwkit")
    return _pools[process]


def in_parts(run: Callable[[int, int], None], total: int, work: int) -> None:
    """Call `run(start, stop)` for parts of `range(total)`, on several threads if it is worth it.

    Args:
        run: releases the interpreter's lock, and gives the same results for any division.
        total: number of independent items.
        work: elementary steps of all items together.
    """
    n = min(torch.get_num_threads(), total, work // _SMALLEST_WORK)
    if n <= 1:
        run(0, total)
        return
    edges = [total * part // n for part in range(n + 1)]
    rest = [_pool().submit(run, edges[part], edges[part + 1]) for part in range(1, n)]
    run(edges[0], edges[1])
    for part in rest:
        part.result()
